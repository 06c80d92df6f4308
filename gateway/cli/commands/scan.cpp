/// @file `postern scan`: one full verdict per message, offline, through the gateway's code and
/// jail.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <iostream>

#include "gateway/cli/authentication.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/cli/scanner.hpp"
#include "quarantine/quarantine_id.hpp"

namespace postern::cli {
namespace {

using transaction::KnownEnvelope;
using transaction::Look;

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

/// The path without the angle brackets it may come in.
std::string without_brackets(std::string path) {
    if (path.starts_with('<') && path.ends_with('>')) return path.substr(1, path.size() - 2);
    return path;
}

/// Throws UsageError when --ip is no address or --time no time.
KnownEnvelope envelope_of(const Arguments& arguments) {
    KnownEnvelope envelope;
    if (const auto text = arguments.value("ip")) {
        const auto address = mail::IpAddress::parse(*text);
        if (!address) throw UsageError("--ip is \"" + *text + "\"; an address is expected");
        envelope.client = *address;
    }
    envelope.helo = arguments.value("helo");
    if (const auto from = arguments.value("from")) envelope.reverse_path = without_brackets(*from);
    for (const std::string& each : arguments.values("to")) {
        envelope.forward_paths.push_back(without_brackets(each));
    }
    envelope.tls = arguments.value("tls").value_or("");
    const auto time = arguments.number("time", 0, std::int64_t{1} << 40);
    envelope.time = time ? *time : static_cast<std::int64_t>(std::time(nullptr));
    return envelope;
}

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

/// Scans one file; the exit code it asks for.
int scan(const std::string& path, const KnownEnvelope& envelope, const Arguments& arguments,
         const Context& context, Scanner& scanner) {
    const auto input = open_input(path);
    if (!input) return complain(input.error(), kCouldNot);
    // A message without envelope, on a machine without configured servers, is looked at offline.
    const bool ask_outside = envelope.client || !context.settings().dns.servers.empty();
    const auto look = arguments.has("object")
                          ? scanner.look_at_object(envelope, *input)
                          : scanner.look_at_message(envelope, *input, ask_outside);
    if (!look) return complain(path + ": the analyzer is not to be had", kCouldNot);
    const auto id = quarantine::QuarantineId::make(arguments.has("time") ? envelope.time * 1000
                                                                         : quarantine::now_ms());
    if (context.json) {
        std::cout << transaction::look_json(*look, envelope, id.text(), path) << std::endl;
    } else {
        print(path, look->verdict, look->report);
    }
    const auto action = look->verdict.worst.action;
    return action == verdict::Action::Deliver || action == verdict::Action::Tag ? kFine : kBad;
}

int run(const Arguments& arguments, const Context& context) {
    if (arguments.words().empty()) throw UsageError("scan needs a file, or - for standard input");
    const KnownEnvelope envelope = envelope_of(arguments);
    Scanner scanner(context);
    const auto started = scanner.start();
    if (!started) return complain(started.error(), kCouldNot);
    int worst = kFine;
    for (const std::string& path : arguments.words()) {
        worst = std::max(worst, scan(path, envelope, arguments, context, scanner));
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
