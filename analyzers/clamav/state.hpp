#pragma once

#include <clamav.h>

#include <memory>
#include <string>
#include <vector>

#include "analyzers/clamav/clamav.hpp"

namespace postern::analyzers {

struct EngineFree {
    void operator()(cl_engine* engine) const { cl_engine_free(engine); }
};

struct ClamavEngine::State {
    ClamavSettings settings;
    ClamavVersions versions;
    std::string canary;
    std::unique_ptr<cl_engine, EngineFree> engine;
};

namespace clamav {

/// What libclamav complained about; the first kMaxMessages lines.
using Messages = std::vector<std::string>;
inline constexpr std::size_t kMaxMessages = 4;

/// Collects libclamav's messages at error level in this thread while it lives. libclamav has one
/// handler for the process and may call it without a context: so it is the thread that decides.
class Listening {
public:
    explicit Listening(Messages& into);
    ~Listening();
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;
};

/// What one scan said.
struct Scan {
    cl_error_t code = CL_CLEAN;
    std::vector<std::string> names;  ///< of matching signatures, without ".UNOFFICIAL"
    Messages messages;
};
[[nodiscard]] Scan scan(const ClamavEngine::State& state, ByteView bytes, std::string_view name,
                        std::uint32_t parsers);

}  // namespace clamav
}  // namespace postern::analyzers
