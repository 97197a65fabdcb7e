// What the leak sanitizer is not to blame us for: PostgreSQL's ODBC driver keeps memory when it is unloaded.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:psqlodbcw.so\n"; }
