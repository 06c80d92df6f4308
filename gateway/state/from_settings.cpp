#include "gateway/state/from_settings.hpp"

namespace postern::state {

OpenOptions open_options(const settings::State& settings) {
    OpenOptions options;
    options.timeout = settings.timeout;
    options.file_timeout = settings.file_timeout;
    options.memory = settings.memory;
    options.file = settings.file;
    options.prefix = settings.prefix;
    options.connections = settings.connections;
    return options;
}

}  // namespace postern::state
