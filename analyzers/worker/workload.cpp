#include "analyzers/worker/workload.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "analyzers/api/codec.hpp"
#include "analyzers/base/base64.hpp"
#include "analyzers/clamav/clamav.hpp"
#include "analyzers/host/job.hpp"
#include "analyzers/pipeline/pipeline.hpp"
#include "analyzers/taste/taste.hpp"
#include "analyzers/yara/yara.hpp"
#include "sandbox/gathered_mappings.hpp"
#include "sandbox/inherited_text.hpp"

namespace postern::worker {
namespace {

using analyzers::ClamavEngine;
using analyzers::Limits;
using analyzers::Report;
using analyzers::RootKind;
using analyzers::YaraEngine;
using host::WorkerExit;
using nlohmann::json;

enum class ProofFailed : int { Clamav = 11, Pipeline = 12 };

/// The message in memory: read-only, and not copied.
class Mapped {
public:
    Mapped(int file, std::uint64_t size) : size_(size) {
        if (size_ == 0) return;
        address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    }
    ~Mapped() {
        if (size_ != 0 && good()) ::munmap(address_, size_);
    }
    Mapped(const Mapped&) = delete;
    Mapped& operator=(const Mapped&) = delete;

    [[nodiscard]] bool good() const { return address_ != MAP_FAILED; }
    [[nodiscard]] ByteView bytes() const {
        return {static_cast<const std::byte*>(address_), size_};
    }

private:
    void* address_ = nullptr;
    std::uint64_t size_ = 0;
};

bool write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t count = ::write(file, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

/// A folder that is there while it lives; no path: it could not be made.
class RehearsalFolder {
public:
    RehearsalFolder() {
        std::error_code ignored;
        std::string name =
            std::filesystem::temp_directory_path(ignored) / "postern-rehearsal.XXXXXX";
        if (::mkdtemp(name.data()) != nullptr) path_ = name;
    }
    ~RehearsalFolder() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    RehearsalFolder(const RehearsalFolder&) = delete;
    RehearsalFolder& operator=(const RehearsalFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

/// A mail that goes through every analyzer that ordinary mail goes through.
std::string sample_mail() {
    return "From: a@example.org\r\nTo: b@example.org\r\nSubject: =?utf-8?B?w6k=?=\r\n"
           "Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nMessage-ID: <1@example.org>\r\n"
           "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
           "--b\r\nContent-Type: text/plain; charset=utf-8\r\n"
           "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
           "Caf=C3=A9, see http://example.org/\r\n"
           "--b\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n"
           "<html><body><p>See <a href=\"http://example.org/\">this</a></p></body></html>\r\n"
           "--b\r\nContent-Type: application/octet-stream; name=\"a.bin\"\r\n"
           "Content-Transfer-Encoding: base64\r\n\r\n" +
           base64_encode(as_bytes("\x01\x02\x03 binary")) + "\r\n--b--\r\n";
}

json versions_of(const ClamavEngine& engine) {
    const analyzers::ClamavVersions& versions = engine.versions();
    return {{"engine", versions.engine},     {"signatures", versions.signatures},
            {"main", versions.main},         {"daily", versions.daily},
            {"bytecode", versions.bytecode}, {"newest", versions.newest}};
}

}  // namespace

sandbox::Policy policy_for(const host::AnalyzerSettings& settings) {
    sandbox::Policy policy;
    switch (settings.require) {
        case host::JailRequirement::Seccomp:
            policy.require = sandbox::Require::Seccomp;
            break;
        case host::JailRequirement::Reduced:
            policy.require = sandbox::Require::Reduced;
            break;
        case host::JailRequirement::Full:
            policy.require = sandbox::Require::Full;
            break;
    }
    policy.memory_bytes = settings.memory;
    policy.scratch_bytes = settings.scratch;
    policy.file_bytes = settings.scratch;
    policy.scratch_base = settings.scratch_base;
    policy.cpu_time = std::chrono::ceil<std::chrono::seconds>(settings.cpu_time);
    policy.idle_workers = settings.idle_workers;
    policy.max_workers = settings.max_workers;
    return policy;
}

struct AnalyzerWorkload::State {
    host::AnalyzerSettings settings;
    std::unique_ptr<analyzers::PipelineWarmUp> warm_up;
    std::unique_ptr<analyzers::Magic> magic;
    std::vector<std::unique_ptr<analyzers::Engine>> engines;
    ClamavEngine* clamav = nullptr;  ///< one of them
    YaraEngine* yara = nullptr;      ///< another
    json status = json::object();

    /// The failure is a sentence; empty: loaded.
    std::string load_clamav(const std::string& scratch);
    std::string load_yara();
    std::string load_engines(const std::string& scratch);
    /// Does once what each worker does: fills what libraries fill on first use, and shows which
    /// code workers run. False: ClamAV does not take a folder.
    [[nodiscard]] bool rehearse(const std::string& scratch);
    [[nodiscard]] Report analyze(ByteView bytes, RootKind kind, const Limits& limits) const {
        return analyzers::analyze(bytes, kind, {}, limits, engines, magic.get());
    }
};

std::string AnalyzerWorkload::State::load_clamav(const std::string& scratch) {
    if (scratch.empty()) {
        return "ClamAV needs a scratch folder, and the jail of this host has none: allow user "
               "namespaces, or Landlock with jail.scratch_base, or set clamav.enabled = false";
    }
    analyzers::ClamavSettings wanted;
    wanted.database = settings.clamav;
    wanted.scratch = scratch;
    wanted.all_parsers = settings.clamav_all_parsers;
    wanted.unwanted = settings.clamav_unwanted;
    auto loaded = ClamavEngine::load(wanted);
    if (!loaded) {
        const analyzers::ClamavError& error = loaded.error();
        return "ClamAV: " + (error.file.empty() ? "" : error.file + ": ") + error.message;
    }
    std::unique_ptr<ClamavEngine> engine = std::move(loaded).value();
    clamav = engine.get();
    status["clamav"] = versions_of(*engine);
    engines.push_back(std::move(engine));
    return {};
}

std::string AnalyzerWorkload::State::load_yara() {
    const std::vector<std::filesystem::path> paths(settings.yara.begin(), settings.yara.end());
    auto loaded = YaraEngine::load(paths);
    if (!loaded) {
        const analyzers::RuleMessage& error = loaded.error();
        return "YARA: " + error.file + ":" + std::to_string(error.line) + ": " + error.message;
    }
    std::unique_ptr<YaraEngine> engine = std::move(loaded).value();
    status["yara"] = {{"engine", YaraEngine::version()},
                      {"rules", engine->rules().size()},
                      {"warnings", engine->warnings().size()}};
    if (engine->rules().empty()) return {};
    yara = engine.get();
    engines.push_back(std::move(engine));
    return {};
}

std::string AnalyzerWorkload::State::load_engines(const std::string& scratch) {
    const sandbox::GatheredMappings gathered;  // ClamAV maps its signatures in small pieces
    std::string wrong;
    if (!settings.clamav.empty()) wrong = load_clamav(scratch);
    if (wrong.empty() && !settings.yara.empty()) wrong = load_yara();
    return wrong;
}

bool AnalyzerWorkload::State::rehearse(const std::string& scratch) {
    // Where workers will have their scratch, there is none yet.
    const RehearsalFolder folder;
    if (clamav != nullptr && !folder.path().empty() && !clamav->move_scratch(folder.path())) {
        return false;
    }
    const std::string mail = sample_mail();
    sandbox::forget_text();
    (void)analyzers::encode(analyze(as_bytes(mail), RootKind::Message, Limits{}));
    sandbox::pass_on_text();
    if (yara != nullptr) yara->forget_scanner();
    return clamav == nullptr || clamav->move_scratch(scratch);
}

AnalyzerWorkload::AnalyzerWorkload(const host::AnalyzerSettings& settings)
    : state_(std::make_unique<State>()) {
    state_->settings = settings;
}
AnalyzerWorkload::~AnalyzerWorkload() = default;

sandbox::Workload::Prepared AnalyzerWorkload::prepare() {
    ::tzset();
    state_->warm_up = std::make_unique<analyzers::PipelineWarmUp>();
    state_->magic = analyzers::Magic::load();
    if (!state_->magic) return {"libmagic cannot load its database", {}};
    if (std::string wrong = state_->load_engines(scratch()); !wrong.empty()) return {wrong, {}};
    if (!state_->rehearse(scratch())) return {"ClamAV does not take its scratch folder", {}};
    return {{}, state_->status.dump()};
}

int AnalyzerWorkload::work(const sandbox::Job& job) {
    try {
        const auto parameters = host::unpack(job.parameters);
        if (!parameters) return static_cast<int>(WorkerExit::BadJob);
        const Mapped message(job.message, job.size);
        if (!message.good()) return static_cast<int>(WorkerExit::NoMessage);
        const RootKind kind =
            parameters->kind == host::MessageKind::Message ? RootKind::Message : RootKind::Object;
        const std::string report =
            analyzers::encode(state_->analyze(message.bytes(), kind, parameters->limits));
        return static_cast<int>(write_all(job.report, report) ? WorkerExit::Done
                                                              : WorkerExit::NoReport);
    } catch (const std::bad_alloc&) {
        return static_cast<int>(WorkerExit::OutOfMemory);
    }
}

int AnalyzerWorkload::prove() {
    if (state_->clamav != nullptr && !state_->clamav->prove().empty()) {
        return static_cast<int>(ProofFailed::Clamav);
    }
    const std::string mail = sample_mail();
    const Report report = state_->analyze(as_bytes(mail), RootKind::Message, Limits{});
    const bool parts = report.objects.size() >= 4 && report.urls.size() >= 2;
    // Without signatures every mail is incomplete: that is no reason not to serve, and is said.
    const bool blind = state_->clamav != nullptr && state_->clamav->versions().signatures == 0;
    const bool whole = report.complete() || (blind && report.limits.empty());
    return parts && whole ? 0 : static_cast<int>(ProofFailed::Pipeline);
}

}  // namespace postern::worker
