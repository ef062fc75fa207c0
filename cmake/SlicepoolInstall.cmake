# What `cmake --install` puts where: public headers, the library, the command, and the files by which others find them.
# Nothing is built here; this comes last in the top CMakeLists.txt, when all targets exist.
include(CMakePackageConfigHelpers)

if(NOT DEFINED BUILD_SHARED_LIBS)
  set(BUILD_SHARED_LIBS OFF)
endif()
set(slicepool_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/slicepool")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/slicepool" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h")
install(TARGETS slicepool EXPORT slicepoolTargets
  ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
if(TARGET slicepool_cli)
  install(TARGETS slicepool_cli RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

# find_package(slicepool CONFIG). Minor versions may change interfaces until 1.0.
install(EXPORT slicepoolTargets NAMESPACE slicepool:: DESTINATION "${slicepool_package_dir}")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/slicepoolConfig.cmake.in" "${PROJECT_BINARY_DIR}/package/slicepoolConfig.cmake"
  INSTALL_DESTINATION "${slicepool_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/slicepoolConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/package/slicepoolConfig.cmake" "${PROJECT_BINARY_DIR}/package/slicepoolConfigVersion.cmake"
  DESTINATION "${slicepool_package_dir}")

# pkg-config slicepool. The path to the prefix is relative, so that the installed tree can be moved.
file(RELATIVE_PATH SLICEPOOL_PC_PREFIX "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
string(REGEX REPLACE "/$" "" SLICEPOOL_PC_PREFIX "${SLICEPOOL_PC_PREFIX}")
set(SLICEPOOL_PC_REQUIRES "eigen3")
set(SLICEPOOL_PC_LIBS "-pthread")
if(NOT BUILD_SHARED_LIBS)
  string(APPEND SLICEPOOL_PC_REQUIRES " fmt libhwy")
  string(APPEND SLICEPOOL_PC_LIBS " -ldl")
  if(SLICEPOOL_WITH_HDF5)
    string(APPEND SLICEPOOL_PC_LIBS " ${SLICEPOOL_HDF5_LIBRARY}")
  endif()
endif()
configure_file("${PROJECT_SOURCE_DIR}/cmake/slicepool.pc.in" "${PROJECT_BINARY_DIR}/package/slicepool.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/package/slicepool.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
