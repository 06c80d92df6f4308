/// @file `postern user add|list|passwd|disable|enable`: who may use the review page.

#include <termios.h>
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "gateway/cli/open_store.hpp"

namespace postern::cli {
namespace {

/// Turns the terminal's echo off for as long as it lives.
class NoEcho {
public:
    NoEcho() {
        if (::tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        active_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) == 0;
    }
    ~NoEcho() {
        if (active_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
    NoEcho(const NoEcho&) = delete;
    NoEcho& operator=(const NoEcho&) = delete;
    NoEcho(NoEcho&&) = delete;
    NoEcho& operator=(NoEcho&&) = delete;

private:
    termios before_{};
    bool active_ = false;
};

/// One line from standard input; a password never stands on a command line, where others see it.
std::string read_password() {
    const bool terminal = ::isatty(STDIN_FILENO) == 1;
    if (terminal) std::cerr << "password: " << std::flush;
    const NoEcho quiet;
    std::string password;
    std::getline(std::cin, password);
    if (terminal) std::cerr << "\n";
    return password;
}

int list(const Context& context, quarantine::Accounts& accounts) {
    const auto users = accounts.list();
    if (!users) return complain(users.error());
    for (const quarantine::User& user : *users) {
        if (context.json) {
            nlohmann::json object{{"name", user.name},
                                  {"role", name(user.role)},
                                  {"disabled", user.disabled},
                                  {"created", user.created}};
            object["last_login"] =
                user.last_login ? nlohmann::json(*user.last_login) : nlohmann::json();
            std::cout << object.dump() << "\n";
        } else {
            std::cout << user.name << "  " << name(user.role) << (user.disabled ? "  disabled" : "")
                      << "  last login " << (user.last_login ? utc_time(*user.last_login) : "never")
                      << "\n";
        }
    }
    return kFine;
}

int add(const std::string& user, const Arguments& arguments, quarantine::Accounts& accounts) {
    const std::string word = arguments.value("role").value_or("reviewer");
    const auto role = quarantine::parse_role(word);
    if (!role) throw UsageError("--role is \"" + word + "\"; reviewer or admin is expected");
    const auto added = accounts.add(user, read_password(), *role, cli_actor());
    return added ? kFine : complain(added.error());
}

int run(const Arguments& arguments, const Context& context) {
    const auto& words = arguments.words();
    const bool lists = words.size() == 1 && words[0] == "list";
    if (!lists && words.size() != 2) {
        throw UsageError("user takes: list | add NAME | passwd NAME | disable NAME | enable NAME");
    }
    const auto store = open_store(context.settings());
    quarantine::Accounts& accounts = store->accounts();
    if (lists) return list(context, accounts);
    if (words[0] == "add") return add(words[1], arguments, accounts);
    if (words[0] == "passwd") {
        const auto done = accounts.set_password(words[1], read_password(), cli_actor());
        return done ? kFine : complain(done.error());
    }
    if (words[0] == "disable" || words[0] == "enable") {
        const auto done = accounts.set_disabled(words[1], words[0] == "disable", cli_actor());
        return done ? kFine : complain(done.error());
    }
    throw UsageError("user knows list, add, passwd, disable and enable, not " + words[0]);
}

}  // namespace

Command user_command() {
    return {"user",
            "list | add NAME | passwd NAME | disable NAME | enable NAME",
            "accounts of the review page; passwords are read from standard input",
            {{"role", "ROLE", "add: reviewer (default) or admin"}},
            run};
}

}  // namespace postern::cli
