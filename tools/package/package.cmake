# Debian packages by CPack; tools/package/build makes them. A package is an install component.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME cs2sim)
set(CPACK_PACKAGE_CONTACT "cs2sim maintainers <maintainers@cs2sim.invalid>")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_COMPONENTS_ALL simulator library development pkcs11 keystore sdk)
if(TARGET cs2sim-module32 AND CMAKE_SIZEOF_VOID_P EQUAL 8)
  list(APPEND CPACK_COMPONENTS_ALL modules32)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian_papers.cmake)
set(CPACK_CS2SIM_PACKAGE_FOLDER ${CMAKE_CURRENT_LIST_DIR})
set(CPACK_CS2SIM_CHANGELOG ${PROJECT_SOURCE_DIR}/CHANGELOG.md)

set(CPACK_DEBIAN_SIMULATOR_PACKAGE_NAME cs2sim)
set(CPACK_DEBIAN_SIMULATOR_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_SIMULATOR_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_SIMULATOR_PACKAGE_RECOMMENDS "fuse3, libcs2sim-pkcs11")
set(CPACK_DEBIAN_SIMULATOR_PACKAGE_SUGGESTS "cs2sim-modules32, libcsxapi-dev, cs2sim-sdk, wireshark")
set(CPACK_DEBIAN_SIMULATOR_PACKAGE_CONTROL_EXTRA
  ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm ${CMAKE_CURRENT_LIST_DIR}/postrm)
set(CPACK_DEBIAN_SIMULATOR_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENT_SIMULATOR_DESCRIPTION "CryptoServer-style HSM without the hardware
cs2sim simulates a hardware security module: its firmware answers on a device
node and on TCP, and csadm and cxitool work on it as operators know them, down
to the error code. For developers, integration labs and support engineers.

An independent simulator; it protects no production key.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libcsxapi1)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/triggers)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION "host library for CryptoServer-style devices
libcsxapi opens devices, logs users on, and runs commands in secure sessions or
in a cluster of devices. This package holds the shared library.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libcsxapi-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "libcsxapi1 (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION "host library for CryptoServer-style devices - development files
libcsxapi opens devices, logs users on, and runs commands in secure sessions or
in a cluster of devices. This package holds the headers, with all function
codes, layouts and errors, pkg-config and CMake files.")

set(CPACK_DEBIAN_PKCS11_PACKAGE_NAME libcs2sim-pkcs11)
set(CPACK_DEBIAN_PKCS11_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_PKCS11_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/triggers)
set(CPACK_DEBIAN_PKCS11_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PKCS11_PACKAGE_SUGGESTS "cs2sim, libcs2sim-keystore, opensc, p11-kit")
set(CPACK_COMPONENT_PKCS11_DESCRIPTION "PKCS#11 library for CryptoServer-style devices
libcs_pkcs11_R3.so and libcs_pkcs11_R2.so show the keys of a device,
simulated by cs2sim, as tokens to programs that speak PKCS#11. The
configuration file that CS_PKCS11_R3_CFG or CS_PKCS11_R2_CFG names says which
devices.")

set(CPACK_DEBIAN_KEYSTORE_PACKAGE_NAME libcs2sim-keystore)
set(CPACK_DEBIAN_KEYSTORE_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_KEYSTORE_PACKAGE_SUGGESTS "postgresql, odbc-postgresql, libsqliteodbc")
set(CPACK_COMPONENT_KEYSTORE_DESCRIPTION "external keys of CryptoServer-style devices in databases
Modules with which the PKCS#11 library and the tools of cs2sim keep external
keys, sealed by their device, in SQLite, in PostgreSQL and behind ODBC, and the
tables for them.")

set(CPACK_DEBIAN_SDK_PACKAGE_NAME cs2sim-sdk)
set(CPACK_DEBIAN_SDK_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_SDK_PACKAGE_SUGGESTS cs2sim)
set(CPACK_COMPONENT_SDK_DESCRIPTION "firmware modules for CryptoServer-style devices - development files
Headers and CMake package with which own firmware modules are built, for a
device simulated by cs2sim.")

# dpkg-shlibdeps knows no library of another architecture.
set(CPACK_DEBIAN_MODULES32_PACKAGE_NAME cs2sim-modules32)
set(CPACK_DEBIAN_MODULES32_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_MODULES32_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_MODULES32_PACKAGE_DEPENDS
  "cs2sim (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE}), libc6-i386")
set(CPACK_COMPONENT_MODULES32_DESCRIPTION "firmware modules of 32 bit for cs2sim
The program in whose process a device simulated by cs2sim runs firmware modules
of its users that are built for 32 bit, as those for real devices are.")

include(CPack)
