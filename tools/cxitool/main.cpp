// cxitool: keys of a device from the command line.
#include "tools/cxitool/commands.h"

int main(int argc, char** argv) {
    using namespace cs2sim::tools;
    const CommandGroup groups[] = {
        {"Parameters (they hold for the commands to their right)", kCommonParameters},
        {"Which key", kKeyParameters},
        {"Logon", kLogonCommands},
        {"Keys", kKeyCommands},
        {"Backup and restore of single keys", kBackupCommands},
        {"Key stores", kKeyStoreCommands},
        {"Work with keys", kWorkCommands},
    };
    return run_command_line("cxitool", groups, argc, argv);
}
