# Makes the unit of systemd in the folder `made`, with the program of CMAKE_INSTALL_FULL_BINDIR. It stands in quotes there,
# since its folder's name may have blanks (quotes and backslashes no unit can have), and a '%' would begin a specifier.
string(REPLACE "%" "%%" CS2SIM_UNIT_PROGRAM "${CMAKE_INSTALL_FULL_BINDIR}/cs2sim")
configure_file("${CMAKE_CURRENT_LIST_DIR}/cs2sim@.service" "${made}/cs2sim@.service" @ONLY)
