// cs2sim card new|insert|remove|list|delete
#include <iomanip>
#include <iostream>
#include <memory>

#include "host-lib/cards/card.h"
#include "tools/cs2sim/commands.h"
#include "tools/instance/instance.h"

namespace cs2sim {
namespace {

struct CardArguments {
    std::string name;
    std::vector<std::string> queue;
    std::string user;
    std::string pin{host::kDefaultPin};
    std::string reader{host::kDefaultReader};
    bool ask_pin = false;
};

// The cards of --state or CS2SIM_STATE, else those that the host tools use.
host::CardBox box(const CommandLine& line) {
    return host::CardBox(line.state.empty() ? host::default_card_folder()
                                            : state_folder(line.state) / "cards");
}

int status_of(const Result<void>& done) {
    if (done) return 0;
    std::cerr << describe(done.error().code);
    return 1;
}

int list(const CommandLine& line) {
    for (const host::CardStatus& card : box(line).list()) {
        std::cout << std::left << std::setw(16) << card.name << ' ';
        std::cout << (card.reader.empty() ? "in no reader"
                                          : card.reader + " #" + std::to_string(card.position));
        std::cout << ", " << (card.has_key ? "key" : "no key") << ", " << card.shares << " MBK shares, "
                  << (card.tries_left == 0 ? "blocked" : std::to_string(card.tries_left) + " tries left");
        if (!card.owner.empty()) std::cout << ", of " << card.owner;
        std::cout << '\n';
    }
    return 0;
}

void add_pin(CLI::App& command, CardArguments& arguments) {
    command.add_option("--pin", arguments.pin, "4 to 12 characters (default 123456)");
}

void add_reader(CLI::App& command, CardArguments& arguments) {
    command.add_option("--reader", arguments.reader, "USB0 and so on");
}

}  // namespace

void add_card_commands(CLI::App& app, CommandLine& line) {
    CLI::App* group = app.add_subcommand("card", "virtual smartcards and their reader");
    group->require_subcommand(1);
    const auto arguments = std::make_shared<CardArguments>();

    CLI::App* make = with_state(group->add_subcommand("new", "a card with a fresh logon key"), line);
    make->add_option("name", arguments->name)->required();
    make->add_option("--user", arguments->user, "the only user whom it logs on");
    add_pin(*make, *arguments);
    make->callback([&line, arguments] {
        line.exit_status = status_of(box(line).make(arguments->name, arguments->user, arguments->pin));
    });

    CLI::App* insert = with_state(group->add_subcommand("insert", "puts cards into the reader"), line);
    insert
        ->add_option("name,--queue", arguments->queue,
                     "in the order in which they are used: A,B; with PINs of their own A:111111,B:222222")
        ->required()
        ->delimiter(',');
    insert->add_flag("--ask-pin", arguments->ask_pin,
                     "nobody types the PIN at the pad: the terminal is asked");
    add_pin(*insert, *arguments);
    add_reader(*insert, *arguments);
    insert->callback([&line, arguments] {
        const auto pin = arguments->ask_pin ? std::nullopt : std::optional(arguments->pin);
        line.exit_status = status_of(box(line).insert(arguments->queue, pin, arguments->reader));
    });

    CLI::App* remove = with_state(group->add_subcommand("remove", "empties the reader"), line);
    add_reader(*remove, *arguments);
    remove->callback(
        [&line, arguments] { line.exit_status = status_of(box(line).remove(arguments->reader)); });

    with_state(group->add_subcommand("list", "all cards"), line)->callback([&line] {
        line.exit_status = list(line);
    });

    CLI::App* destroy = with_state(group->add_subcommand("delete", "throws a card away"), line);
    destroy->add_option("name", arguments->name)->required();
    destroy->callback(
        [&line, arguments] { line.exit_status = status_of(box(line).destroy(arguments->name)); });
}

}  // namespace cs2sim
