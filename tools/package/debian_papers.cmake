# Run by CPack once the components are installed into its own folder: what Debian wants in every package.
set(folders simulator cs2sim library libcsxapi1 development libcsxapi-dev pkcs11 libcs2sim-pkcs11
  keystore libcs2sim-keystore sdk cs2sim-sdk)
while(folders)
  list(POP_FRONT folders component package)
  set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}/usr/share)
  set(doc ${share}/doc/${package})
  file(MAKE_DIRECTORY ${doc})
  file(COPY_FILE ${CPACK_CS2SIM_PACKAGE_FOLDER}/copyright ${doc}/copyright)
  file(COPY_FILE ${CPACK_CS2SIM_PACKAGE_FOLDER}/changelog ${doc}/changelog.Debian)
  file(COPY_FILE ${CPACK_CS2SIM_CHANGELOG} ${doc}/changelog)
  file(CHMOD ${doc}/copyright ${doc}/changelog.Debian ${doc}/changelog
    PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  file(REMOVE ${doc}/CHANGELOG.md)
  file(GLOB pages ${share}/man/man?/*.?)
  execute_process(COMMAND gzip -9n ${doc}/changelog.Debian ${doc}/changelog ${pages} COMMAND_ERROR_IS_FATAL ANY)
endwhile()
