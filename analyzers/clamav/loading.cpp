#include <sys/stat.h>

#include <cstdlib>
#include <fstream>
#include <system_error>

#include "analyzers/base/clean_text.hpp"
#include "analyzers/clamav/canary.hpp"
#include "analyzers/clamav/clamav.hpp"
#include "analyzers/clamav/state.hpp"

namespace postern::analyzers {
namespace clamav {
namespace {

namespace fs = std::filesystem;

// libclamav's handler has no context while a database loads: see Listening.
thread_local Messages* listener = nullptr;

void hear(cl_msg severity, const char* /*full*/, const char* message, void* /*context*/) {
    if (listener == nullptr || severity != CL_MSG_ERROR || message == nullptr) return;
    if (listener->size() < kMaxMessages) listener->push_back(clean_text(message, 240));
}

/// A private folder under the system's temporary one, for the canary's signature and the warm-up.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::error_code ignored;
        const fs::path base = fs::temp_directory_path(ignored);
        std::string name = (base.empty() ? fs::path("/tmp") : base) / "postern-clamav.XXXXXX";
        if (::mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

// "Can't load /db/daily.cvd: Malformed database", "Problem parsing database at line 3"
ClamavError as_error(const Messages& messages, const std::string& fallback) {
    constexpr std::string_view kMarker = "Can't load ";
    ClamavError error{.file = {}, .message = messages.empty() ? fallback : messages.front()};
    for (const std::string& message : messages) {
        const std::size_t start = message.find(kMarker);
        const std::size_t end = message.find(": ", start);
        if (start == std::string::npos || end == std::string::npos) continue;
        const std::size_t from = start + kMarker.size();
        error.file = message.substr(from, end - from);
        if (messages.size() == 1) error.message = message.substr(end + 2);
        break;
    }
    return error;
}

struct CvdFree {
    void operator()(cl_cvd* cvd) const { cl_cvdfree(cvd); }
};

std::uint32_t version_of(const fs::path& folder, const std::string& name) {
    for (const char* extension : {".cld", ".cvd"}) {
        const fs::path file = folder / (name + extension);
        std::error_code ignored;
        if (!fs::exists(file, ignored)) continue;
        const std::unique_ptr<cl_cvd, CvdFree> head(cl_cvdhead(file.c_str()));
        if (head) return head->version;
    }
    return 0;
}

std::int64_t newest_file(const fs::path& folder) {
    std::int64_t newest = 0;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(folder, failed)) {
        struct stat about {};
        if (::stat(entry.path().c_str(), &about) != 0 || !S_ISREG(about.st_mode)) continue;
        newest = std::max<std::int64_t>(newest, about.st_mtim.tv_sec);
    }
    return newest;
}

// Our limits, our scratch folder, and nothing that a worker of one message would fill for nobody.
bool configure(cl_engine* engine, const ClamavSettings& settings, const fs::path& scratch) {
    const std::pair<cl_engine_field, long long> numbers[] = {
        {CL_ENGINE_DISABLE_CACHE, 1},
        {CL_ENGINE_FORCETODISK, 0},
        {CL_ENGINE_KEEPTMP, 0},
        {CL_ENGINE_DISABLE_PE_STATS, 1},
        {CL_ENGINE_MAX_SCANSIZE, static_cast<long long>(settings.bytes)},
        {CL_ENGINE_MAX_FILESIZE, static_cast<long long>(settings.object_bytes)},
        {CL_ENGINE_MAX_RECURSION, settings.depth + 1},  // its root counts
        {CL_ENGINE_MAX_FILES, settings.files},
        {CL_ENGINE_MAX_SCANTIME, settings.time.count()},
        {CL_ENGINE_MAX_HTMLNORMALIZE, 10 << 20},
        {CL_ENGINE_MAX_HTMLNOTAGS, 4 << 20},
        {CL_ENGINE_MAX_SCRIPTNORMALIZE, 10 << 20},
        {CL_ENGINE_BYTECODE_TIMEOUT, 5000},
        {CL_ENGINE_BYTECODE_MODE, CL_BYTECODE_MODE_INTERPRETER},  // nothing may map code
    };
    for (const auto& [field, value] : numbers) {
        if (cl_engine_set_num(engine, field, value) != CL_SUCCESS) return false;
    }
    return cl_engine_set_str(engine, CL_ENGINE_TMPDIR, scratch.c_str()) == CL_SUCCESS;
}

/// Loads the folder and our own signature, then compiles. Counts only what is in the folder.
Outcome<Done, ClamavError> load_signatures(ClamavEngine::State& state, const fs::path& temporary) {
    Messages messages;
    const Listening listening(messages);
    cl_engine* engine = state.engine.get();
    // .yar files in the folder are left to analyzers/yara, which knows what their metas mean.
    unsigned options = CL_DB_STDOPT | CL_DB_YARA_EXCLUDE;
    if (state.settings.unwanted) options |= CL_DB_PUA;
    unsigned count = 0;
    cl_error_t code = cl_load(state.settings.database.c_str(), engine, &count, options);
    const bool empty_folder = code == CL_EOPEN || (code == CL_SUCCESS && count == 0);
    if (code != CL_SUCCESS && !empty_folder) {
        return Failure{as_error(messages, cl_strerror(code))};
    }
    state.versions.signatures = count;

    state.canary = make_canary();
    const fs::path file = temporary / "canary.ndb";
    std::ofstream(file) << canary_signature(state.canary);
    unsigned ours = 0;
    code = cl_load(file.c_str(), engine, &ours, CL_DB_STDOPT);
    if (code == CL_SUCCESS) code = cl_engine_compile(engine);
    if (code != CL_SUCCESS) return Failure{as_error(messages, cl_strerror(code))};
    return Done{};
}

void read_versions(const ClamavSettings& settings, ClamavVersions& versions) {
    versions.engine = cl_retver();
    versions.main = version_of(settings.database, "main");
    versions.daily = version_of(settings.database, "daily");
    versions.bytecode = version_of(settings.database, "bytecode");
    versions.newest = newest_file(settings.database);
}

}  // namespace

Listening::Listening(Messages& into) {
    listener = &into;
}
Listening::~Listening() {
    listener = nullptr;
}

}  // namespace clamav

Outcome<std::unique_ptr<ClamavEngine>, ClamavError> ClamavEngine::load(
    const ClamavSettings& settings) {
    const auto failure = [](std::string file, std::string message) {
        return Failure{ClamavError{.file = std::move(file), .message = std::move(message)}};
    };
    std::error_code failed;
    const auto folder = std::filesystem::directory_iterator(settings.database, failed);
    if (failed) return failure(settings.database.string(), failed.message());
    const clamav::TemporaryFolder temporary;
    if (temporary.path().empty()) return failure({}, "cannot make a temporary folder");

    cl_set_clcb_msg(clamav::hear);
    if (cl_init(CL_INIT_DEFAULT) != CL_SUCCESS) return failure({}, "cl_init failed");
    auto state = std::make_unique<State>();
    state->settings = settings;
    state->engine.reset(cl_engine_new());
    if (!state->engine || !clamav::configure(state->engine.get(), settings, temporary.path())) {
        return failure({}, "libclamav does not take our limits");
    }
    const auto loaded = clamav::load_signatures(*state, temporary.path());
    if (!loaded) return Failure{loaded.error()};
    clamav::read_versions(settings, state->versions);

    auto engine = std::make_unique<ClamavEngine>(std::move(state));
    // Warms what a first scan would make, and shows that it works where it can be explained.
    if (std::string wrong = engine->prove(); !wrong.empty()) return failure({}, std::move(wrong));
    if (!engine->move_scratch(settings.scratch)) {
        return failure({}, "libclamav does not take its scratch folder");
    }
    return engine;
}

}  // namespace postern::analyzers
