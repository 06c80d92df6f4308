#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "quarantine/quarantine_id.hpp"

namespace postern::reports {

/// At most so many in any hour: of one name, and of all. Not for several threads.
class HourlyLimit {
public:
    HourlyLimit(std::size_t most_of_one, std::size_t most_of_all)
        : most_of_one_(most_of_one), most_of_all_(most_of_all) {}

    /// True: there was room, and one place of it is taken. At most `most_of_all` names are kept.
    [[nodiscard]] bool take(const std::string& name, quarantine::UnixMs now);

private:
    struct Taken {
        quarantine::UnixMs time = 0;
        std::string name;
    };
    const std::size_t most_of_one_;
    const std::size_t most_of_all_;
    std::deque<Taken> taken_;  ///< of the last hour, oldest first
};

}  // namespace postern::reports
