/// @file `postern scan`: one full verdict per message, offline, through the gateway's code and
/// jail.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

#include "analyzers/host/door.hpp"
#include "analyzers/host/generation.hpp"
#include "gateway/cli/authentication.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/cli/envelope_checks.hpp"
#include "gateway/cli/supervisor/analyzer_settings_of.hpp"
#include "gateway/verdict/replies.hpp"
#include "gateway/verdict/scan_json.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::cli {
namespace {

using Clock = std::chrono::steady_clock;
using host::MessageKind;

/// The bytes to scan, and how many.
struct Input {
    UniqueFd file;
    std::uint64_t size = 0;
};

Outcome<Input, std::string> failed(const std::string& path) {
    return Failure{path + ": " + std::strerror(errno)};
}

/// Standard input goes into memory first: a worker needs something it can map.
Outcome<Input, std::string> read_standard_input() {
    Input input{UniqueFd(::memfd_create("scan", MFD_CLOEXEC | MFD_ALLOW_SEALING)), 0};
    if (!input.file) return failed("standard input");
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
        if (got == 0) break;
        if (got < 0 ||
            ::write(input.file.get(), buffer.data(), static_cast<std::size_t>(got)) != got) {
            return failed("standard input");
        }
        input.size += static_cast<std::uint64_t>(got);
    }
    ::fcntl(input.file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
    return input;
}

Outcome<Input, std::string> open_input(const std::string& path) {
    if (path == "-") return read_standard_input();
    Input input{UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), 0};
    struct stat facts {};
    if (!input.file || ::fstat(input.file.get(), &facts) != 0) return failed(path);
    if (!S_ISREG(facts.st_mode)) return Failure{path + ": is no plain file"};
    input.size = static_cast<std::uint64_t>(facts.st_size);
    return input;
}

verdict::EnvelopeFacts envelope_of(const Arguments& arguments) {
    verdict::EnvelopeFacts envelope;
    envelope.client_ip = arguments.value("ip").value_or("");
    envelope.helo = arguments.value("helo").value_or("");
    envelope.reverse_path = arguments.value("from");
    envelope.forward_paths = arguments.values("to");
    if (arguments.has("tls")) envelope.tls = *arguments.value("tls");
    return envelope;
}

/// One analyzer for the whole command.
class Scanner {
public:
    explicit Scanner(const Context& context) : context_(context) {}

    /// The failure is a sentence.
    Outcome<Done, std::string> start() {
        auto generation = host::Generation::start(
            context_.program_folder + "/postern-analyzer",
            analyzer_settings(context_.settings(), installation(context_.program_folder)));
        if (!generation) return Failure{generation.error()};
        generation_ = std::move(generation).value();
        const auto ready = generation_->wait_ready(context_.settings().signatures.load_timeout);
        if (!ready) return ready;
        connect();
        return Done{};
    }

    Outcome<analyzers::Report, host::DoorFailure> analyze(const Input& input, MessageKind kind) {
        if (generation_->pump()) connect();
        const settings::Analysis& analysis = context_.settings().analysis;
        return door_.analyze(input.file.get(), input.size, kind, analysis.limits,
                             Clock::now() + analysis.deadline);
    }

private:
    void connect() {
        if (auto channel = generation_->connect()) door_.set_channel(std::move(*channel));
    }

    const Context& context_;
    std::unique_ptr<host::Generation> generation_;
    host::Door door_;
};

void print(const std::string& path, const verdict::Verdict& verdict,
           const analyzers::Report& report) {
    const verdict::Judgement& worst = verdict.worst;
    std::cout << path << ": " << verdict::word(worst.action) << ", "
              << verdict::word(worst.mail_class) << ", score " << worst.score << ", "
              << report.objects.size() << " objects\n";
    for (const verdict::Weighed& each : verdict.findings) {
        std::cout << "  " << each.finding.code << " (" << each.finding.score
                  << "): " << each.finding.explanation << " " << each.finding.detail << "\n";
    }
    for (const auto& error : report.errors) {
        std::cout << "  not scanned by " << error.analyzer << ": " << error.detail << "\n";
    }
    if (!report.limits.empty()) std::cout << "  limits were reached: see --json\n";
}

/// Who sent it; nullptr: nobody was asked to look. A message without envelope, on a machine without
/// configured servers, is looked at offline.
std::unique_ptr<Authentication> authentication_of(const Arguments& arguments,
                                                  const Context& context) {
    const bool wanted = arguments.has("ip") || !context.settings().dns.servers.empty();
    if (!wanted || arguments.has("object")) return nullptr;
    return std::make_unique<Authentication>(arguments, context);
}

std::optional<auth::Results> authenticate(const Authentication* authentication,
                                          const Input& input) {
    if (authentication == nullptr) return std::nullopt;
    ::lseek(input.file.get(), 0, SEEK_SET);
    auto results = authentication->message(input.file.get());
    if (!results) return std::nullopt;
    return std::move(results).value();
}

/// Adds what the checks of the envelope and the message say; the refusal that the client would
/// hear.
std::optional<smtp::Reply> check(const EnvelopeChecks* checks, const Input& input,
                                 const std::optional<auth::Results>& authenticated,
                                 const Context& context, verdict::Evidence& evidence) {
    if (checks == nullptr) return std::nullopt;
    const std::string header = header_of(
        input.file.get(), static_cast<std::size_t>(context.settings().smtp.max_header_size));
    checks::Heard heard =
        checks->run(evidence.report, authenticated.value_or(auth::Results()), header, input.size);
    for (checks::Kept& each : heard.findings) {
        evidence.checked.push_back({std::move(each.finding), each.mode});
    }
    return heard.refusal;
}

std::string reply_words(const smtp::Reply& reply) {
    return std::to_string(reply.code) + " " + reply.enhanced + " " + reply.text;
}

/// Scans one file; the exit code it asks for.
int scan(const std::string& path, const Arguments& arguments, const Context& context,
         Scanner& scanner, const Authentication* authentication,
         const EnvelopeChecks* envelope_checks) {
    const auto begun = Clock::now();
    const auto input = open_input(path);
    if (!input) return complain(input.error(), kCouldNot);
    const MessageKind kind = arguments.has("object") ? MessageKind::Object : MessageKind::Message;
    const auto report = scanner.analyze(*input, kind);
    if (!report) return complain(path + ": the analyzer is not to be had", kCouldNot);
    const std::chrono::duration<double, std::milli> analysis = Clock::now() - begun;
    const auto authenticated = authenticate(authentication, *input);
    verdict::Evidence evidence{*report};
    const auto refusal = check(envelope_checks, *input, authenticated, context, evidence);
    const std::chrono::duration<double, std::milli> total = Clock::now() - begun;

    const verdict::EnvelopeFacts envelope = envelope_of(arguments);
    verdict::Verdict verdict =
        verdict::decide(evidence, context.settings().policy, envelope.reverse_path.value_or(""),
                        envelope.forward_paths);
    if (refusal) {
        verdict.worst.action =
            refusal->code >= 500 ? verdict::Action::Reject : verdict::Action::Defer;
        for (auto& each : verdict.recipients) each.action = verdict.worst.action;
    }
    const auto time = arguments.number("time", 0, std::int64_t{1} << 40);
    const auto id = quarantine::QuarantineId::make(time ? *time * 1000 : quarantine::now_ms());
    if (context.json) {
        const auto own =
            verdict::reply_for(verdict.worst.action, verdict.worst.mail_class, id.text());
        const std::string words =
            reply_words(refusal.value_or(smtp::Reply{own.code, own.enhanced, own.text}));
        std::cout << verdict::scan_json(
                         {id.text(),
                          path,
                          envelope,
                          authenticated ? &*authenticated : nullptr,
                          *report,
                          verdict,
                          words,
                          {(total - analysis).count(), analysis.count(), total.count()}})
                  << std::endl;
    } else {
        print(path, verdict, *report);
    }
    const auto action = verdict.worst.action;
    return action == verdict::Action::Deliver || action == verdict::Action::Tag ? kFine : kBad;
}

int run(const Arguments& arguments, const Context& context) {
    if (arguments.words().empty()) throw UsageError("scan needs a file, or - for standard input");
    Scanner scanner(context);
    const auto started = scanner.start();
    if (!started) return complain(started.error(), kCouldNot);
    const auto authentication = authentication_of(arguments, context);
    const auto envelope_checks =
        authentication == nullptr ? nullptr : std::make_unique<EnvelopeChecks>(arguments, context);
    int worst = kFine;
    for (const std::string& path : arguments.words()) {
        worst = std::max(worst, scan(path, arguments, context, scanner, authentication.get(),
                                     envelope_checks.get()));
    }
    return worst;
}

}  // namespace

Command scan_command() {
    std::vector<Option> options = envelope_options();
    options.push_back({"object", "", "the file is no message: analyze it as an attachment"});
    return {"scan", "FILE...|-",
            "one full verdict per message, offline; exit 1 unless all would be delivered",
            std::move(options), run};
}

}  // namespace postern::cli
