# cmake -P install_into.cmake BUILD PREFIX: installs BUILD into PREFIX, which is emptied first.
# A header that is installed no more must not be found because an earlier run has left it there.
set(build "${CMAKE_ARGV3}")
set(prefix "${CMAKE_ARGV4}")
file(REMOVE_RECURSE "${prefix}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}" COMMAND_ERROR_IS_FATAL ANY)
