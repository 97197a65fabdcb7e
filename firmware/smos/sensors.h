// Sensors: temperature, the two batteries and the alarm.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "firmware/protocol/error.h"

namespace cs2sim {

class Nvram;

struct BatteryState {
    std::string_view name;  // "Carrier Battery" or "External Battery"
    double volts = 0;
    bool low = false;  // drained
};

enum class Battery : std::uint8_t { carrier, external };

enum class Alarm : std::uint8_t { off = 0, batteries = 1, temperature = 2, tamper = 3 };

class Sensors {
public:
    explicit Sensors(Nvram& nvram);

    double temperature() const;             // degrees Celsius
    BatteryState carrier_battery() const;   // 3.108 V full, lasts 6 months without power (guide G20)
    BatteryState external_battery() const;  // 3.586 V full, lasts 18 months without power

    // Ages the batteries as `months` on a shelf would: the external one drains first, then the carrier's.
    // True when both are now empty.
    Result<bool> shelve(unsigned months);
    // Then the batteries' alarm is raised too; the caller erases the master key. (A kill may come between any
    // two of these steps: Smos::open() makes up for what is missing.)
    Result<bool> drain(Battery battery);  // empties one at once; result and alarm as for shelve()
    Result<void> replace_batteries();
    Result<void> set_temperature(double celsius);  // raises the alarm outside -10 to 66; E_OS_SENS_PARAM

    Alarm alarm() const;
    Result<void> raise_alarm(Alarm alarm);  // persistent
    Result<void> notice_causes();           // raises the alarm whose cause is there, if none is raised yet
    Result<void> reset_alarm();  // E_OS_SENS_NO_ALARM; E_OS_SENS_ALARM_PRESENT while the cause persists

private:
    Result<bool> after_drain();

    Nvram& nvram_;
    mutable std::mutex mutex_;  // read-modify-write of several settings
};

}  // namespace cs2sim
