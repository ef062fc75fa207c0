# How the project's targets are made: rooms (object libraries behind slicepool::slicepool), tests and programs.

add_library(slicepool_private_flags INTERFACE)
target_compile_features(slicepool_private_flags INTERFACE cxx_std_20)
target_compile_options(slicepool_private_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  $<$<CXX_COMPILER_ID:GNU>:-Wno-missing-field-initializers>
  $<$<CXX_COMPILER_ID:Clang>:-Wno-missing-field-initializers>
  $<$<BOOL:${SLICEPOOL_WERROR}>:-Werror>)
if(SLICEPOOL_SANITIZE)
  target_compile_options(slicepool_private_flags INTERFACE
    -fsanitize=${SLICEPOOL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(slicepool_private_flags INTERFACE -fsanitize=${SLICEPOOL_SANITIZE})
endif()

# slicepool_room(<name> SOURCES <file>... [USES <room>...] [LINKS <outside library>...])
# USES is the room's row in docs/architecture.md.
function(slicepool_room name)
  cmake_parse_arguments(PARSE_ARGV 1 room "" "" "SOURCES;USES;LINKS")
  add_library(slicepool_${name} OBJECT ${room_SOURCES})
  target_include_directories(slicepool_${name} PUBLIC "${PROJECT_SOURCE_DIR}/include" "${PROJECT_SOURCE_DIR}/lib")
  set_target_properties(slicepool_${name} PROPERTIES
    POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF CXX_VISIBILITY_PRESET default)
  list(TRANSFORM room_USES PREPEND slicepool_)
  target_link_libraries(slicepool_${name} PUBLIC ${room_USES} ${room_LINKS} PRIVATE slicepool_private_flags)
  set_property(GLOBAL APPEND PROPERTY SLICEPOOL_ROOMS ${name})
endfunction()

# slicepool_test(<name> SOURCES <file>... [LINKS <library>...] [TIMEOUT <seconds>] [SERIAL] [ENVIRONMENT <NAME=value>...])
# A test that says "skipped: " and its reason, and has nothing to complain of, is listed as skipped.
function(slicepool_test name)
  cmake_parse_arguments(PARSE_ARGV 1 test "SERIAL" "TIMEOUT" "SOURCES;LINKS;ENVIRONMENT")
  if(NOT test_TIMEOUT)
    set(test_TIMEOUT 120)
  endif()
  add_executable(test_${name} ${test_SOURCES})
  target_link_libraries(test_${name} PRIVATE slicepool_test_support ${test_LINKS} slicepool_private_flags)
  if(SLICEPOOL_SANITIZE)
    target_compile_options(test_${name} PRIVATE -O0)  # halves the time their templates take to compile
  endif()
  set_target_properties(test_${name} PROPERTIES CXX_EXTENSIONS OFF RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
  set(properties TIMEOUT ${test_TIMEOUT} SKIP_REGULAR_EXPRESSION "skipped: .*(All tests passed|- none -)")
  if(test_SERIAL)
    list(APPEND properties RUN_SERIAL ON)
  endif()
  if(test_ENVIRONMENT)
    list(APPEND properties ENVIRONMENT "${test_ENVIRONMENT}")
  endif()
  catch_discover_tests(test_${name} TEST_PREFIX "${name}: " PROPERTIES ${properties})
endfunction()
