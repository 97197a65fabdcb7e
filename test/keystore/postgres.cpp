#include "test/keystore/postgres.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <thread>

#include "host-lib/keystore/key_store.h"

namespace cs2sim::keystore {
namespace {

namespace fs = std::filesystem;
using scenario::run;

void must(const std::vector<std::string>& arguments, const scenario::RunOptions& options = {}) {
    const auto outcome = run(arguments, options);
    INFO(arguments.at(0) << ": " << outcome.out << outcome.err);
    REQUIRE(outcome.status == 0);
}

const passwd& plain_user() {
    static const passwd* user = ::getpwnam("nobody");
    REQUIRE(user);
    return *user;
}

}  // namespace

// Debian keeps servers' programs apart by version.
std::string program_of_postgres(const std::string& name) {
    std::vector<std::string> found;
    std::error_code none;
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql", none))
        if (fs::exists(version.path() / "bin" / name)) found.push_back(version.path() / "bin" / name);
    if (found.empty()) FAIL("PostgreSQL's " + name + " is missing: apt-get install postgresql");
    return *std::max_element(found.begin(), found.end());
}

std::vector<std::string> as_plain_user(std::vector<std::string> arguments) {
    if (::geteuid() != 0) return arguments;
    std::vector<std::string> all = {"setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

void give_to_plain_user(const fs::path& path) {
    if (::geteuid() == 0) REQUIRE(::chown(path.c_str(), plain_user().pw_uid, plain_user().pw_gid) == 0);
}

void PlainProcess::start(const std::vector<std::string>& arguments, const fs::path& log,
                         const std::map<std::string, std::string>& environment) {
    std::vector<std::string> words = as_plain_user(arguments);
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    REQUIRE(out >= 0);
    id_ = ::fork();
    REQUIRE(id_ >= 0);
    if (id_ == 0) {
        ::setsid();
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
        ::execvp(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(out);
}

void PlainProcess::end(int signal) {
    if (id_ <= 0) return;
    ::kill(id_, signal);
    int status = 0;
    ::waitpid(id_, &status, 0);
    id_ = -1;
}

Postgres::Postgres() : port_(free_port()) {
    give_to_plain_user(folder_.path());
    fs::permissions(folder_.path(), fs::perms::owner_all);
    make_certificates();
    scenario::write_file(folder_ / "password", "secret\n");
    give_to_plain_user(folder_ / "password");
    must(as_plain_user({program_of_postgres("initdb"), "--pgdata=" + (folder_ / "data").string(),
                        "--username=owner", "--pwfile=" + (folder_ / "password").string(),
                        "--auth-local=trust", "--auth-host=scram-sha-256", "--locale=C.UTF-8",
                        "--encoding=UTF8", "--no-sync"}));
    start();
}

Postgres::~Postgres() {
    if (server_.id() > 0) {
        go_on();
        server_.end(SIGQUIT);
    }
}

void Postgres::make_certificates() {
    const auto file = [&](const char* name) { return (folder_ / name).string(); };
    must({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
          "-keyout", file("authority.key"), "-out", file("authority.pem"), "-subj", "/CN=authority", "-days",
          "2"});
    must({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
          file("server.key"), "-out", file("server.csr"), "-subj", "/CN=localhost"});
    scenario::write_file(folder_ / "names", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    must({"openssl", "x509", "-req", "-in", file("server.csr"), "-CA", file("authority.pem"), "-CAkey",
          file("authority.key"), "-CAcreateserial", "-out", file("server.pem"), "-days", "2", "-extfile",
          file("names")});
    for (const char* name : {"server.key", "server.pem"}) give_to_plain_user(folder_ / name);
    fs::permissions(folder_ / "server.key", fs::perms::owner_read | fs::perms::owner_write);
}

void Postgres::start() {
    const auto setting = [](const std::string& name, const std::string& value) {
        return "--" + name + "=" + value;
    };
    server_.start(
        {program_of_postgres("postgres"), "-D", (folder_ / "data").string(), "-p", std::to_string(port_),
         "-k", folder_.path().string(), setting("listen_addresses", "127.0.0.1"), setting("ssl", "on"),
         setting("ssl_cert_file", (folder_ / "server.pem").string()),
         setting("ssl_key_file", (folder_ / "server.key").string()), setting("max_connections", "100"),
         setting("log_min_messages", "warning")},
        folder_ / "log", {{"LC_ALL", "C.UTF-8"}});
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    for (;;) {
        const auto ready =
            run({program_of_postgres("pg_isready"), "-q", "-h", folder_.path(), "-p", std::to_string(port_)});
        if (ready.status == 0) return;
        INFO(log());
        REQUIRE(std::chrono::steady_clock::now() < end);
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

void Postgres::stop(bool at_once) { server_.end(at_once ? SIGQUIT : SIGINT); }

std::vector<::pid_t> Postgres::processes() const {
    std::vector<::pid_t> all = {server_.id()};
    std::ifstream children("/proc/" + std::to_string(server_.id()) + "/task/" + std::to_string(server_.id()) +
                           "/children");
    for (::pid_t child; children >> child;) all.push_back(child);
    return all;
}

void Postgres::pause() {
    for (const ::pid_t process : processes()) ::kill(process, SIGSTOP);
}

void Postgres::go_on() {
    for (const ::pid_t process : processes()) ::kill(process, SIGCONT);
}

std::string Postgres::connection(const std::string& database, const std::string& user,
                                 const std::string& password) const {
    return "host=localhost hostaddr=127.0.0.1 port=" + std::to_string(port_) + " dbname=" + database +
           " user=" + user + " password=" + password +
           " sslmode=verify-full sslrootcert=" + authority().string();
}

std::vector<std::string> Postgres::psql(const std::string& database, const std::string& statements) const {
    return {program_of_postgres("psql"),
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            folder_.path(),
            "-p",
            std::to_string(port_),
            "-U",
            "owner",
            "-d",
            database,
            "-c",
            statements};
}

std::string Postgres::sql(const std::string& database, const std::string& statements) const {
    const auto outcome = run(psql(database, statements));
    INFO(statements << "\n" << outcome.err);
    REQUIRE(outcome.status == 0);
    return outcome.out;
}

std::string Postgres::new_store(const std::string& name, const std::string& how) {
    sql("postgres", "create database " + name + " " + how);
    KeyStorage storage;
    storage.kind = Kind::postgresql;
    storage.connection = connection(name);
    std::string said;
    const auto store = open_key_store(storage, [&](std::string_view line) { said += line; });
    REQUIRE(store);
    const auto made = (*store)->init();
    INFO(said);
    REQUIRE(made);
    return storage.connection;
}

// The server waits for a standby that is not there, with the commit on its disk.
void Postgres::without_answer(const std::string& database, const std::function<void()>& call) const {
    sql("postgres", "alter database " + database + " set synchronous_commit = 'on'");
    sql("postgres", "alter system set synchronous_standby_names = 'nobody'");
    sql("postgres", "select pg_reload_conf()");
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const auto waiting =
        psql("postgres", "select pid from pg_stat_activity where wait_event = 'SyncRep' and datname = '" +
                             database + "' limit 1");
    const auto reset = psql("postgres", "alter system reset synchronous_standby_names");
    const auto reload = psql("postgres", "select pg_reload_conf()");
    std::thread killer([&] {
        for (int i = 0; i < 500; ++i) {
            const std::string process = scenario::run_quietly(waiting).out;
            if (!process.empty()) {
                ::kill(std::stoi(process), SIGTERM);
                break;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        scenario::run_quietly(reset);
        scenario::run_quietly(reload);
    });
    call();
    killer.join();
    REQUIRE(sql("postgres", "show synchronous_standby_names") == "\n");
}

void Postgres::await(const std::string& database, const std::string& query,
                     const std::string& expected) const {
    for (int i = 0; i < 500; ++i) {
        if (sql(database, query) == expected + "\n") return;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    FAIL(query << " never gave " << expected);
}

OpenTransaction::OpenTransaction(const Postgres& server, const std::string& database,
                                 const std::string& statements)
    : server_(server) {
    give_to_plain_user(folder_.path());
    process_.start({program_of_postgres("psql"), "-X", "-q", "-h", server.folder(), "-p",
                    std::to_string(server.port()), "-U", "owner", "-d", database, "-c",
                    "begin; " + statements + "; set application_name = 'holder'; select pg_sleep(3600)"},
                   folder_ / "log");
    server.await("postgres", "select count(*) from pg_stat_activity where application_name = 'holder'", "1");
}

OpenTransaction::~OpenTransaction() {
    server_.sql(
        "postgres",
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity where application_name = 'holder'");
}

Postgres& postgres() {
    static Postgres server;
    return server;
}

}  // namespace cs2sim::keystore
