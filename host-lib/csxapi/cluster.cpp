// The C functions on groups of devices (include/csxapi/csxapi.h).
#include <vector>

#include "host-lib/csxapi/calls.h"
#include "host-lib/csxapi/handles.h"
#include "host-lib/include/csxapi/csxapi.h"
#include "host-lib/link/cluster.h"

namespace cs2sim::host::capi {
namespace {

constexpr int kMostDevices = 9;  // public clients limit themselves to fewer than 10

NumberTable<Cluster>& clusters() {
    static NumberTable<Cluster> table;
    return table;
}

// Runs `work` on the cluster of a handle.
template <class Work>
int with_cluster(int handle, Work&& work) {
    return guarded([&] {
        const auto cluster = clusters().get(handle);
        return cluster ? work(*cluster) : code(E_CSA_HANDLE);
    });
}

}  // namespace
}  // namespace cs2sim::host::capi

using namespace cs2sim;
using namespace cs2sim::host;
using namespace cs2sim::host::capi;

extern "C" {

int cs_cluster_open(const char** devices, int count, unsigned int connect_timeout,
                    unsigned int command_timeout, int* handle) {
    if (!handle) return code(E_CSA_PARAM);
    *handle = -1;
    return guarded([&] {
        if (!devices || count < 1 || count > kMostDevices) return code(E_CSA_PARAM);
        std::vector<std::string> names;
        for (int i = 0; i < count; ++i) {
            if (!devices[i]) return code(E_CSA_PARAM);
            names.emplace_back(devices[i]);
        }
        auto cluster =
            std::make_shared<Cluster>(std::move(names), timeouts(connect_timeout, command_timeout));
        const auto connected = cluster->connect();
        if (connected) *handle = clusters().put(std::move(cluster));
        return code(connected);
    });
}

int cs_cluster_close(int handle) { return clusters().take(handle) ? 0 : code(E_CSA_HANDLE); }

int cs_cluster_logon(int handle, const unsigned char* user, unsigned int l_user,
                     const unsigned char* key_spec, const unsigned char* password, unsigned int l_password) {
    return with_cluster(handle, [&](Cluster& cluster) {
        if (!user) return code(E_CSA_PARAM);
        auto key = key_source(key_spec, password, l_password);
        if (!key) return code(key);
        return code(cluster.logon(as_text(view(user, l_user)), std::move(*key)));
    });
}

int cs_cluster_logoff(int handle) {
    return with_cluster(handle, [](Cluster& cluster) { return code(cluster.logoff()); });
}

int cs_cluster_set_fallback_interval(int handle, unsigned int seconds) {
    return with_cluster(handle, [&](Cluster& cluster) {
        cluster.set_fallback(std::chrono::seconds(seconds));
        return 0;
    });
}

int cs_cluster_exec(int handle, unsigned int fc, unsigned int sfc, const unsigned char* command,
                    unsigned int l_command, unsigned char** answer, unsigned int* l_answer) {
    clear_answer(answer, l_answer);
    return with_cluster(handle, [&](Cluster& cluster) {
        if (!valid_function(fc, sfc) || (!command && l_command != 0)) return code(E_CSA_PARAM);
        const auto result = cluster.execute(static_cast<std::uint16_t>(fc), static_cast<std::uint8_t>(sfc),
                                            view(command, l_command));
        return give_answer(result, answer, l_answer);
    });
}

const char* cs_cluster_get_current_device(int handle) {
    const auto cluster = clusters().get(handle);
    return cluster ? cluster->current().c_str() : nullptr;
}

}  // extern "C"
