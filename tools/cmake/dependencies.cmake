# Everything comes from Debian's packages; a missing one is named with the package to install.
find_package(PkgConfig)
if(NOT PkgConfig_FOUND)
  message(FATAL_ERROR "pkg-config is missing: apt-get install pkg-config")
endif()

# The target PkgConfig::<target>. A program with the property CARRIES_LIBRARIES gets the package's archive instead of
# its shared library: see cs2sim_program() in room.cmake.
function(require_pkg target module package)
  pkg_check_modules(${target} QUIET IMPORTED_TARGET GLOBAL ${module})
  if(NOT ${target}_FOUND)
    message(FATAL_ERROR "${module} is missing: apt-get install ${package}")
  endif()
  list(GET ${target}_LIBRARIES 0 library)
  find_library(${target}_ARCHIVE lib${library}.a REQUIRED)
  get_target_property(shared PkgConfig::${target} INTERFACE_LINK_LIBRARIES)
  set_target_properties(PkgConfig::${target} PROPERTIES INTERFACE_LINK_LIBRARIES
    "$<IF:$<BOOL:$<TARGET_PROPERTY:CARRIES_LIBRARIES>>,${${target}_ARCHIVE};m,${shared}>")
endfunction()

function(require_header header package)
  string(MAKE_C_IDENTIFIER "HAVE_${header}" found)
  find_path(${found} ${header})
  if(NOT ${found})
    message(FATAL_ERROR "${header} is missing: apt-get install ${package}")
  endif()
endfunction()

require_pkg(OPENSSL libcrypto>=3.0 libssl-dev)
require_pkg(SQLITE sqlite3 libsqlite3-dev)
require_pkg(FUSE fuse3 libfuse3-dev)
require_header(tl/expected.hpp libexpected-dev)
require_header(boost/asio.hpp libboost-dev)
require_header(toml++/toml.h libtomlplusplus-dev)
require_header(CLI/CLI.hpp libcli11-dev)
require_header(spdlog/spdlog.h libspdlog-dev)
require_header(catch2/catch.hpp catch2)
find_package(Threads REQUIRED)

# Logging from headers alone: the shared spdlog would bring a second C++ library into programs that carry their own.
require_header(fmt/format.h libfmt-dev)
add_library(logging INTERFACE)
target_compile_definitions(logging INTERFACE SPDLOG_HEADER_ONLY SPDLOG_FMT_EXTERNAL FMT_HEADER_ONLY)
target_link_libraries(logging INTERFACE Threads::Threads)

find_program(CCACHE ccache)
if(CCACHE)
  # Precompiled headers go into the cache only so (ccache's manual, "Precompiled headers").
  set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
endif()
