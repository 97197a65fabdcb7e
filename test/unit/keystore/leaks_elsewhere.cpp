// What the leak sanitizer is not to blame us for: PostgreSQL's ODBC driver keeps memory when it is unloaded;
// SOCI's session (postgresql_session_backend::connect of 4.0.3) forgets its connection when the first
// statement that it sends there fails, which happens once an outage. Nobody but SOCI calls PQconnectdb, and a
// session that we forget ourselves is allocated by us and still told.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:psqlodbcw.so\nleak:PQconnectdb\n"; }
