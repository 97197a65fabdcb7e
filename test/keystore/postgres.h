// A PostgreSQL server of one's own: Debian's programs, a cluster in a temporary folder, a plain user, TLS, a
// port that is free. Nothing of it is the system's, and nothing stays.
#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "test/scenario/simulator.h"

namespace cs2sim::keystore {

using scenario::free_port;

// A process of somebody without privilege, ended with the object.
class PlainProcess {
public:
    PlainProcess() = default;
    ~PlainProcess() { end(9); }
    PlainProcess(const PlainProcess&) = delete;
    PlainProcess& operator=(const PlainProcess&) = delete;
    // Its output goes to `log`.
    void start(const std::vector<std::string>& arguments, const std::filesystem::path& log,
               const std::map<std::string, std::string>& environment = {});
    void end(int signal);  // and waits
    ::pid_t id() const { return id_; }

private:
    ::pid_t id_ = -1;
};

// "setpriv --reuid=nobody …" in front, for root; PostgreSQL refuses to be run by root.
std::vector<std::string> as_plain_user(std::vector<std::string> arguments);
void give_to_plain_user(const std::filesystem::path& path);
// Full path of one of the server's programs; fails the test loudly when it is missing.
std::string program_of_postgres(const std::string& name);

class Postgres {
public:
    Postgres();
    ~Postgres();

    void start();
    void stop(bool at_once = false);  // "fast"; at once: as if it had crashed
    std::vector<::pid_t> processes() const;
    void pause();  // SIGSTOP to all its processes
    void go_on();

    // A database with the store's tables and roles made by init(), of the superuser. `how`: further words of
    // CREATE DATABASE.
    std::string new_store(const std::string& name, const std::string& how = {});
    // Does `call`, whose next commit in this database is done and not answered: the server's process is
    // killed.
    void without_answer(const std::string& database, const std::function<void()>& call) const;
    // Waits until the query gives `expected`; fails the test when it never does.
    void await(const std::string& database, const std::string& query, const std::string& expected) const;
    // libpq's words, with TLS checked against the server's own authority.
    std::string connection(const std::string& database, const std::string& user = "owner",
                           const std::string& password = "secret") const;
    // Runs SQL as the superuser through the local socket; what it prints.
    std::string sql(const std::string& database, const std::string& statements) const;
    // The call of psql that does so.
    std::vector<std::string> psql(const std::string& database, const std::string& statements) const;

    unsigned port() const { return port_; }
    std::filesystem::path authority() const { return folder_ / "authority.pem"; }
    const std::filesystem::path& folder() const { return folder_.path(); }
    std::string log() const { return scenario::read_file(folder_ / "log"); }

private:
    void make_certificates();

    scenario::Folder folder_;
    const unsigned port_;
    PlainProcess server_;
};

// Another session, in which SQL was run whose transaction stays open as long as this lives: its locks are
// held.
class OpenTransaction {
public:
    OpenTransaction(const Postgres& server, const std::string& database, const std::string& statements);
    ~OpenTransaction();
    OpenTransaction(const OpenTransaction&) = delete;

private:
    const Postgres& server_;
    scenario::Folder folder_;
    PlainProcess process_;
};

// One for all tests of the program, made with the first.
Postgres& postgres();

}  // namespace cs2sim::keystore
