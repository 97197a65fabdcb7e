# A device that is not there is told from one that refuses, by the exit status.
execute_process(COMMAND csadm Dev=1@127.0.0.1 GetState RESULT_VARIABLE none OUTPUT_QUIET ERROR_VARIABLE why)
execute_process(COMMAND csadm DeleteUser=ADMIN RESULT_VARIABLE refused OUTPUT_QUIET ERROR_QUIET)
if(NOT none EQUAL 3 OR NOT refused EQUAL 1 OR NOT why MATCHES "Error B901306F")
  message(FATAL_ERROR "${none} ${refused} ${why}")
endif()
