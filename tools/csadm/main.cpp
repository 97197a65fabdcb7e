// csadm: administration of a device from the command line.
#include "tools/csadm/commands.h"

int main(int argc, char** argv) {
    using namespace cs2sim::tools;
    const CommandGroup groups[] = {
        {"Parameters (they hold for the commands to their right)", kCommonParameters},
        {"Logon", kLogonCommands},
        {"Users", kUserCommands},
        {"Key files and smartcards", kKeyCommands},
        {"Master backup keys", kMbkCommands},
        {"Backup and restore of databases", kBackupCommands},
        {"State", kStateCommands},
        {"Logs", kLogCommands},
        {"Files and firmware", kFileCommands},
        {"Modes", kModeCommands},
        {"Network appliance", kApplianceCommands},
    };
    return run_command_line("csadm", groups, argc, argv);
}
