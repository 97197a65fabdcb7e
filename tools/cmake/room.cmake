# Flags of the whole house, and the one way to declare a room.
set(CS2SIM_SANITIZE "" CACHE STRING "sanitizers, e.g. address,undefined")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror)
add_compile_options(-Wno-sign-conversion)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees out-of-bounds copies inside its own std::string and std::vector when it optimises.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict> $<$<CONFIG:Release>:-Wno-array-bounds>
                      $<$<CONFIG:Release>:-Wno-stringop-overread> $<$<CONFIG:Release>:-Wno-stringop-overflow>)
else()
  # clang 19 blames us for what libstdc++ 12's own std::stable_sort uses; GCC tells what we use ourselves.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-deprecated-declarations>)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG")
add_compile_options($<$<CONFIG:Debug>:-g1>)
# OpenSSL's macros put __FILE__ into every program; where somebody built it is nobody's affair, and two folders make the
# same bytes.
add_compile_options(-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)
option(CS2SIM_FUZZ "fuzz targets; needs clang" OFF)
if(CS2SIM_FUZZ)
  # The warnings are GCC's concern; clang is here for its fuzzer.
  add_compile_options(-w -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
if(CS2SIM_SANITIZE)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 suspects its own containers once they are instrumented; release is the strict build.
    add_compile_options(-Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-array-bounds)
  endif()
  add_compile_options(-fsanitize=${CS2SIM_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -O1)
  add_link_options(-fsanitize=${CS2SIM_SANITIZE})
else()
  add_compile_options(-fstack-protector-strong)
endif()
option(CS2SIM_COVERAGE "count which lines are run (gcov)" OFF)
if(CS2SIM_COVERAGE)
  add_compile_options(--coverage -fprofile-update=atomic)
  add_link_options(--coverage)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_definitions(_FORTIFY_SOURCE=2)
endif()

# The standard headers cost more to read than our own code: every target reads them once, precompiled. One kind
# of code for libraries and programs, so that one precompiled header fits all.
add_compile_options(-fPIC)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)  # for ccache
endif()
add_library(precompiled STATIC ${CMAKE_CURRENT_LIST_DIR}/empty_room.cpp)
target_precompile_headers(precompiled PRIVATE
  <algorithm> <array> <atomic> <chrono> <filesystem> <fstream> <functional> <iostream> <map> <memory> <mutex>
  <optional> <set> <shared_mutex> <span> <sstream> <string> <variant> <vector> <tl/expected.hpp>)

# cs2sim_precompiled(target [from]): lets a target of C++ files read them. One with C files goes without: CMake
# would want a precompiled header for C as well.
function(cs2sim_precompiled target)
  get_target_property(sources ${target} SOURCES)
  if(sources MATCHES "\\.c(;|$)")
    return()
  endif()
  set(from precompiled)
  if(ARGN)
    set(from ${ARGN})
  endif()
  target_precompile_headers(${target} REUSE_FROM ${from})
endfunction()

# One line a room or program, for the test that reads every #include: name;folder;what it may include from.
# FOLDER: a room below this folder.
function(cs2sim_record_room name)
  cmake_parse_arguments(ROOM "" "FOLDER" "" ${ARGN})
  file(RELATIVE_PATH folder ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${ROOM_FOLDER})
  string(REGEX REPLACE "/$" "" folder "${folder}")
  string(REPLACE ";" " " depends "${ROOM_UNPARSED_ARGUMENTS}")
  file(APPEND ${PROJECT_BINARY_DIR}/rooms.txt "${name};${folder};${depends}\n")
endfunction()
file(WRITE ${PROJECT_BINARY_DIR}/rooms.txt "")

# cs2sim_room(name [DEPENDS targets…]): a static library of every .cpp and .c file in this folder. DEPENDS are
# the only rooms it may include from, so that the arrows of the design go down only.
function(cs2sim_room name)
  cmake_parse_arguments(ROOM "" "" "DEPENDS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS *.cpp *.c)
  if(NOT sources)
    set(sources ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/empty_room.cpp)
  endif()
  cs2sim_record_room(${name} ${ROOM_DEPENDS})
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ROOM_DEPENDS})
  cs2sim_precompiled(${name})
endfunction()

# cs2sim_program(name [FOLDER folder] [DEPENDS targets…]): a program of every .cpp file in this folder, installed where
# programs are, or in FOLDER. It carries the libraries that it uses: to find their symbols would be half of a short
# program's run.
function(cs2sim_program name)
  cmake_parse_arguments(PROGRAM "" "FOLDER" "DEPENDS" ${ARGN})
  if(NOT PROGRAM_FOLDER)
    set(PROGRAM_FOLDER ${CMAKE_INSTALL_BINDIR})
  endif()
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  cs2sim_record_room(${name} ${PROGRAM_DEPENDS})
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE ${PROGRAM_DEPENDS})
  if(NOT CS2SIM_SANITIZE)
    set_target_properties(${name} PROPERTIES CARRIES_LIBRARIES ON)
    target_link_options(${name} PRIVATE -static-libstdc++ -static-libgcc -Wl,--gc-sections)
  endif()
  target_compile_definitions(${name} PRIVATE CS2SIM_VERSION="${PROJECT_VERSION}")
  cs2sim_precompiled(${name})
  install(TARGETS ${name} RUNTIME DESTINATION ${PROGRAM_FOLDER} COMPONENT simulator)
endfunction()
