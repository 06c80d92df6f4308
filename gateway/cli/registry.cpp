/// @file The only file that knows every command. To add one: declare its maker, list it.

#include "gateway/cli/command.hpp"

namespace postern::cli {

Command serve_command();
Command scan_command();
Command auth_command();
Command dkim_command();
Command dmarc_command();
Command quarantine_command();
Command queue_command();
Command bans_command();
Command allow_command();
Command config_command();
Command signatures_command();
Command rules_command();
Command jail_command();
Command user_command();

std::span<const Command> commands() {
    static const std::vector<Command> all = {
        serve_command(),      scan_command(),  auth_command(), dkim_command(),  dmarc_command(),
        quarantine_command(), queue_command(), bans_command(), allow_command(), config_command(),
        signatures_command(), rules_command(), jail_command(), user_command(),
    };
    return all;
}

}  // namespace postern::cli
