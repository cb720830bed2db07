# The warnings that our own tests, examples and benches are compiled with; users of the library never see them.
set(HASSE_WARNING_FLAGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(HASSE_WARNINGS_AS_ERRORS)
  list(APPEND HASSE_WARNING_FLAGS -Werror)
endif()

set(HASSE_WARNINGS_OFF)  # for this compiler
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overruns in any concatenation of std::string that it inlines (GCC bugs 105329, 105651).
  # And it says of its own intrinsics for AVX-512, wherever Eigen uses them, that they read what nobody set (105593).
  set(HASSE_WARNINGS_OFF -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-uninitialized)
endif()

add_library(hasse_warnings INTERFACE)
target_compile_options(hasse_warnings INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${HASSE_WARNING_FLAGS};${HASSE_WARNINGS_OFF}>")

add_library(hasse_native INTERFACE)
if(HASSE_NATIVE)
  target_compile_options(hasse_native INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-march=native>)
endif()
