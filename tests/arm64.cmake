# What differs on a 64-bit Arm, compiled by a cross compiler and run by an emulator (Debian: g++-aarch64-linux-gnu qemu-user): the kernels
# of our own for NEON and the backend without oneDNN. Where one of the two is missing the test is skipped, and says so.
find_program(HASSE_ARM64_COMPILER aarch64-linux-gnu-g++)
find_program(HASSE_ARM64_EMULATOR qemu-aarch64)
mark_as_advanced(HASSE_ARM64_COMPILER HASSE_ARM64_EMULATOR)
if(NOT HASSE_ARM64_COMPILER OR NOT HASSE_ARM64_EMULATOR)
  message(STATUS "hasse: nothing is tested for Arm (Debian: g++-aarch64-linux-gnu qemu-user)")
  add_test(NAME arm64 COMMAND ${CMAKE_COMMAND} -E echo "skipped: needs g++-aarch64-linux-gnu and qemu-user")
  set_tests_properties(arm64 PROPERTIES LABELS kernel SKIP_REGULAR_EXPRESSION "skipped:")
  return()
endif()
set(arm64_source ${CMAKE_CURRENT_SOURCE_DIR}/arm64/kernels.cpp)
set(arm64_object ${CMAKE_CURRENT_BINARY_DIR}/arm64_kernels.o)
set(arm64_program ${CMAKE_CURRENT_BINARY_DIR}/arm64_kernels)
get_target_property(arm64_folders Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
list(REMOVE_ITEM arm64_folders /usr/include)  # there the compiler looks by itself, behind its own
add_custom_command(OUTPUT ${arm64_object}
  COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${HASSE_ARM64_COMPILER} -std=c++20 -O1 -fopenmp ${HASSE_WARNING_FLAGS} ${HASSE_WARNINGS_OFF} -DHASSE_WITHOUT_ONEDNN
          -I${PROJECT_SOURCE_DIR}/include "-isystem$<JOIN:${arm64_folders},;-isystem>" -MD -MF ${arm64_object}.d -c ${arm64_source} -o ${arm64_object}
  DEPENDS ${arm64_source} DEPFILE ${arm64_object}.d COMMENT "Compiling the kernels for Arm" VERBATIM COMMAND_EXPAND_LISTS)
add_custom_command(OUTPUT ${arm64_program} COMMAND ${HASSE_ARM64_COMPILER} -fopenmp ${arm64_object} -o ${arm64_program}
  DEPENDS ${arm64_object} COMMENT "Linking the kernels for Arm" VERBATIM)
add_custom_target(arm64 ALL DEPENDS ${arm64_program})
add_test(NAME arm64 COMMAND ${HASSE_ARM64_EMULATOR} -L /usr/aarch64-linux-gnu ${arm64_program} ${arm64_program}.json)
set_tests_properties(arm64 PROPERTIES LABELS kernel TIMEOUT 300 ENVIRONMENT OMP_WAIT_POLICY=passive)
