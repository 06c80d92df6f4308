#include "analyzers/clamav/clamav.hpp"

#include <algorithm>
#include <array>

#include "analyzers/api/catalogue.hpp"
#include "analyzers/base/clean_text.hpp"
#include "analyzers/clamav/canary.hpp"
#include "analyzers/clamav/parsers.hpp"
#include "analyzers/clamav/state.hpp"

namespace postern::analyzers {
namespace clamav {
namespace {

constexpr std::string_view kUnofficial = ".UNOFFICIAL";

// Data loss prevention is not our business, and BROKEN_MEDIA fires on trailing bytes of any
// picture.
constexpr std::uint32_t kHeuristics =
    CL_SCAN_HEURISTIC_BROKEN | CL_SCAN_HEURISTIC_EXCEEDS_MAX |
    CL_SCAN_HEURISTIC_PHISHING_SSL_MISMATCH | CL_SCAN_HEURISTIC_PHISHING_CLOAK |
    CL_SCAN_HEURISTIC_MACROS | CL_SCAN_HEURISTIC_ENCRYPTED_ARCHIVE |
    CL_SCAN_HEURISTIC_ENCRYPTED_DOC | CL_SCAN_HEURISTIC_PARTITION_INTXN;

void collect(int /*descriptor*/, const char* name, void* context) {
    auto& names = *static_cast<std::vector<std::string>*>(context);
    if (name == nullptr || names.size() >= kMaxClamavMatches) return;
    std::string_view text(name);
    if (text.ends_with(kUnofficial)) text.remove_suffix(kUnofficial.size());
    if (std::find(names.begin(), names.end(), text) == names.end()) names.emplace_back(text);
}

struct MapClose {
    void operator()(cl_fmap_t* map) const { cl_fmap_close(map); }
};

AnalysisError error(ErrorCode code, std::string_view detail) {
    return {
        .object = {}, .analyzer = "clamav", .code = code, .detail = clean_text(detail, kMaxDetail)};
}

// libclamav has a heuristic where we have a limit.
struct Exceeded {
    std::string_view suffix;
    Limit limit;
    std::uint64_t configured;
};

bool as_limit(std::string_view name, const ClamavSettings& settings, Analysis& into) {
    constexpr std::string_view kPrefix = "Heuristics.Limits.Exceeded";
    if (!name.starts_with(kPrefix)) return false;
    const std::array exceeded = {
        Exceeded{".MaxRecursion", Limit::Depth, settings.depth},
        Exceeded{".MaxFiles", Limit::Objects, settings.files},
        Exceeded{".MaxFileSize", Limit::Bytes, settings.object_bytes},
        Exceeded{".MaxScanTime", Limit::Time, static_cast<std::uint64_t>(settings.time.count())},
        Exceeded{"", Limit::Bytes, settings.bytes}};
    const auto* hit = std::find_if(exceeded.begin(), exceeded.end(),
                                   [&](const Exceeded& e) { return name.ends_with(e.suffix); });
    into.limits.push_back({.limit = hit->limit,
                           .object = {},
                           .configured = hit->configured,
                           .observed = hit->configured + 1});
    return true;
}

void match(const std::string& name, const ClamavSettings& settings, double ms, Analysis& into) {
    if (name == kCanaryName || as_limit(name, settings, into)) return;
    if (name.starts_with("Heuristics.Encrypted.")) {
        into.errors.push_back(error(ErrorCode::Encrypted, name));
        return;
    }
    const bool hint = name.starts_with("Heuristics.") || name.starts_with("PUA.");
    Finding found = finding(hint ? "AV_HEURISTIC" : "AV_MATCH", name);
    found.ms = ms;
    into.findings.push_back(std::move(found));
}

ErrorCode error_code(cl_error_t code) {
    switch (code) {
        case CL_ETIMEOUT:
            return ErrorCode::Timeout;
        case CL_EFORMAT:
        case CL_EPARSE:
            return ErrorCode::Corrupt;
        default:
            return ErrorCode::Resource;
    }
}

double milliseconds_since(Budget::Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Budget::Clock::now() - start).count();
}

}  // namespace

Scan scan(const ClamavEngine::State& state, ByteView bytes, std::string_view name,
          std::uint32_t parsers) {
    Scan result;
    if (bytes.empty()) return result;  // there is no map of nothing
    const std::unique_ptr<cl_fmap_t, MapClose> map(cl_fmap_open_memory(bytes.data(), bytes.size()));
    if (!map) {
        result.code = CL_EMEM;
        return result;
    }
    cl_scan_options options{};
    options.general = CL_SCAN_GENERAL_ALLMATCHES | CL_SCAN_GENERAL_HEURISTICS;
    options.parse = parsers;
    options.heuristic = kHeuristics;
    const std::string file_name(name);
    const char* first = nullptr;
    unsigned long scanned = 0;
    const Listening listening(result.messages);
    result.code =
        cl_scanmap_callback(map.get(), file_name.empty() ? nullptr : file_name.c_str(), &first,
                            &scanned, state.engine.get(), &options, &result.names);
    if (result.code == CL_VIRUS && result.names.empty() && first != nullptr) {
        collect(-1, first, &result.names);
    }
    return result;
}

}  // namespace clamav

ClamavEngine::ClamavEngine(std::unique_ptr<State> state) : state_(std::move(state)) {
    cl_engine_set_clcb_virus_found(state_->engine.get(), clamav::collect);
}
ClamavEngine::~ClamavEngine() = default;

const ClamavVersions& ClamavEngine::versions() const {
    return state_->versions;
}

bool ClamavEngine::move_scratch(const std::filesystem::path& folder) {
    return cl_engine_set_str(state_->engine.get(), CL_ENGINE_TMPDIR, folder.c_str()) == CL_SUCCESS;
}

void ClamavEngine::examine(const Artifact& artifact, const Budget& budget, Analysis& into) const {
    if (state_->versions.signatures == 0) {
        into.errors.push_back(
            clamav::error(ErrorCode::Unsupported, "no ClamAV signatures are loaded"));
        return;
    }
    // Setting it dirties a page of the engine, so only where it makes a difference.
    const auto left = budget.time_left();
    if (left < state_->settings.time / 2) {
        cl_engine_set_num(state_->engine.get(), CL_ENGINE_MAX_SCANTIME,
                          std::max<long long>(left.count(), 1));
    }
    const auto start = Budget::Clock::now();
    const std::uint32_t parsers =
        state_->settings.all_parsers ? ~std::uint32_t{0} : clamav::parsers_for(artifact);
    const clamav::Scan scan = clamav::scan(*state_, artifact.bytes, artifact.name, parsers);
    const double ms = clamav::milliseconds_since(start);

    for (const std::string& name : scan.names) clamav::match(name, state_->settings, ms, into);
    for (const std::string& message : scan.messages) {
        into.errors.push_back(clamav::error(ErrorCode::Resource, message));
    }
    if (scan.code != CL_CLEAN && scan.code != CL_VIRUS) {
        into.errors.push_back(clamav::error(clamav::error_code(scan.code), cl_strerror(scan.code)));
    }
}

std::string ClamavEngine::prove() const {
    struct Wrapping {
        std::string_view what;
        std::string bytes;
    };
    const std::string& canary = state_->canary;
    const std::array wrappings = {Wrapping{"plain", canary},
                                  Wrapping{"in a zip", clamav::zip_of(canary)},
                                  Wrapping{"in a mail", clamav::mail_of(canary)}};
    for (const Wrapping& wrapping : wrappings) {
        const clamav::Scan scan =
            clamav::scan(*state_, as_bytes(wrapping.bytes), {}, ~std::uint32_t{0});
        const auto found = std::find(scan.names.begin(), scan.names.end(), clamav::kCanaryName);
        if (found != scan.names.end() && scan.messages.empty()) continue;
        return "ClamAV does not find our test signature " + std::string(wrapping.what) + ": " +
               (scan.messages.empty() ? cl_strerror(scan.code) : scan.messages.front());
    }
    return {};
}

}  // namespace postern::analyzers
