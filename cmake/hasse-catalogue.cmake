# hasse_add_catalogue(target SPACE type HEADER file [SHARDS n])
# Compiles the catalogue of a search space into `target`, spread over n files. `file` holds the space and, for n > 1, says
#   template <> inline constexpr int hasse::catalogue_shards<my_space> = n;
# Prints the number of compiled blocks at configure time.
get_target_property(hasse_boost_folders Boost::headers INTERFACE_INCLUDE_DIRECTORIES)
set_property(GLOBAL PROPERTY HASSE_INCLUDE_FOLDERS ${HASSE_INCLUDE_DIR} ${hasse_boost_folders})

function(hasse_add_catalogue target)
  cmake_parse_arguments(arg "" "SPACE;HEADER;SHARDS" "" ${ARGN})
  if(NOT arg_SPACE OR NOT arg_HEADER)
    message(FATAL_ERROR "hasse_add_catalogue(${target} ...) needs SPACE <type> and HEADER <file that declares it>")
  endif()
  if(NOT arg_SHARDS)
    set(arg_SHARDS 1)
  endif()
  cmake_path(ABSOLUTE_PATH arg_HEADER BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} NORMALIZE)
  if(NOT EXISTS ${arg_HEADER})
    message(FATAL_ERROR "hasse_add_catalogue(${target} ...): ${arg_HEADER} does not exist; HEADER is the file that declares ${arg_SPACE}")
  endif()

  string(MAKE_C_IDENTIFIER "${arg_SPACE}" space_folder)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}_catalogue/${space_folder})
  math(EXPR last "${arg_SHARDS} - 1")
  foreach(shard RANGE ${last})
    file(CONFIGURE OUTPUT ${folder}/shard_${shard}.cpp CONTENT [[
#include "@arg_HEADER@"
#include <hasse/catalogue/shard.hpp>
static_assert(hasse::catalogue_shards<@arg_SPACE@> == @arg_SHARDS@,
              "hasse: CMake compiles this catalogue in @arg_SHARDS@ files; say so beside the space: "
              "template <> inline constexpr int hasse::catalogue_shards<@arg_SPACE@> = @arg_SHARDS@;");
template struct hasse::catalogue_shard<@arg_SPACE@, @shard@, @arg_SHARDS@>;
]] @ONLY)
    target_sources(${target} PRIVATE ${folder}/shard_${shard}.cpp)
  endforeach()

  hasse_count_blocks(blocks ${target} ${arg_SPACE} ${arg_HEADER} ${folder})
  message(STATUS "hasse: the catalogue of ${arg_SPACE} in ${target} has ${blocks} blocks in ${arg_SHARDS} files")
endfunction()

# Sets `out` to the number of blocks of a space, which a compiled file says in a string: nothing is run, so that it may be for another
# processor. Compiled again only when the header or the library changes.
function(hasse_count_blocks out target space header folder)
  get_property(folders GLOBAL PROPERTY HASSE_INCLUDE_FOLDERS)
  list(GET folders 0 own)
  file(GLOB parts ${own}/hasse/space/*.hpp)
  set(hashes)
  foreach(file IN LISTS header parts)
    file(SHA256 ${file} hash)
    string(APPEND hashes ${hash})
  endforeach()
  string(SHA256 key "${space} ${hashes}")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${header})
  if(NOT EXISTS ${folder}/${key})
    file(CONFIGURE OUTPUT ${folder}/count.cpp CONTENT [[
#include "@header@"
#include <hasse/space.hpp>
template <int Count>
struct said {
  char text[21] = {'h', 'a', 's', 's', 'e', ' ', 'b', 'l', 'o', 'c', 'k', 's', ':', ' ',
                   '0' + Count / 100000 % 10, '0' + Count / 10000 % 10, '0' + Count / 1000 % 10,
                   '0' + Count / 100 % 10, '0' + Count / 10 % 10, '0' + Count % 10};
};
extern const said<hasse::part_count<@space@>> count;
const said<hasse::part_count<@space@>> count;
]] @ONLY)
    get_target_property(others ${target} INCLUDE_DIRECTORIES)
    if(others)
      list(APPEND folders ${others})
    endif()
    set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
    try_compile(compiled ${folder}/count SOURCES ${folder}/count.cpp CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${folders}"
      COMPILE_DEFINITIONS -fno-lto CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON COPY_FILE ${folder}/count.a OUTPUT_VARIABLE errors)
    unset(compiled CACHE)
    if(NOT EXISTS ${folder}/count.a)
      message(FATAL_ERROR "${header} does not compile alone with the space ${space}:\n${errors}")
    endif()
    file(STRINGS ${folder}/count.a blocks REGEX "hasse blocks: [0-9]+")
    string(REGEX REPLACE ".*hasse blocks: 0*([0-9]+).*" "\\1" blocks "${blocks}")
    file(WRITE ${folder}/${key} "${blocks}")
    file(REMOVE ${folder}/count.a)
  endif()
  file(READ ${folder}/${key} blocks)
  set(${out} ${blocks} PARENT_SCOPE)
endfunction()
