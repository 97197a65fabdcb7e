// The folder of an SDK as build scripts of modules expect it: programs, a simulator's state, its keys.
#pragma once

#include <string>

namespace cs2sim {

// Makes FOLDER/simulator with bin (links to the programs beside this one), devices (a state folder) and keys
// (the administrator's and one whose containers the simulator takes). Says on standard output what it made,
// on standard error what went wrong. Returns the exit status.
int make_sdk_folder(const std::string& folder);

}  // namespace cs2sim
