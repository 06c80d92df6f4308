#include "gateway/cli/envelope_checks.hpp"

#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "gateway/dns/from_settings.hpp"
#include "gateway/mail/cidr.hpp"
#include "gateway/state/memory_store.hpp"

namespace postern::cli {
namespace {

using checks::Part;
using checks::Stage;

constexpr std::uint64_t kMemory = std::uint64_t{4} << 20U;

std::string without_brackets(std::string path) {
    if (path.starts_with('<') && path.ends_with('>')) return path.substr(1, path.size() - 2);
    return path;
}

std::optional<checks::SenderFacts> sender_of(const Arguments& arguments) {
    const auto text = arguments.value("from");
    if (!text) return std::nullopt;
    const auto path = mail::parse_reverse_path(without_brackets(*text));
    if (!path) return std::nullopt;
    return checks::SenderFacts{*path, 0, false};
}

bool trusted(const settings::Settings& settings, const reputation::Lists* lists,
             const mail::IpAddress& client) {
    for (const std::string& each : settings.smtp.unlimited_clients) {
        const auto network = mail::Cidr::parse(each);
        if (network && network->contains(client)) return true;
    }
    return lists != nullptr &&
           lists->client_standing(client).standing == reputation::Standing::Allowed;
}

bool any_list(const settings::Lists& lists) {
    return !lists.dns.empty() || !lists.files.empty() || !lists.feeds.empty() ||
           !lists.allow.empty() || !lists.deny.empty() || !lists.allow_files.empty() ||
           !lists.deny_files.empty();
}

}  // namespace

EnvelopeChecks::EnvelopeChecks(const Arguments& arguments, const Context& context)
    : settings_(context.settings()),
      plan_(checks::configure(settings_)),
      resolver_(std::make_unique<dns::Client>(dns::client_settings(settings_.dns))),
      state_(std::make_unique<state::MemoryStore>(kMemory, state::system_clock_ms,
                                                  state::AlarmSink())),
      sender_(sender_of(arguments)),
      now_(arguments.number("time", 0, std::int64_t{1} << 40).value_or(std::time(nullptr))) {
    if (any_list(settings_.lists)) {
        lists_ = std::make_unique<reputation::Lists>(settings_.lists, *resolver_,
                                                     [](const reputation::Alarm&) {});
        lists_->settle();
    }
    if (const auto text = arguments.value("ip")) {
        if (const auto address = mail::IpAddress::parse(*text)) client_ = *address;
    }
    if (const auto helo = arguments.value("helo")) {
        helo_ = checks::HeloFacts{*helo, true, arguments.value("tls").value_or("")};
    }
    for (const std::string& each : arguments.values("to")) {
        if (auto mailbox = mail::Mailbox::parse(without_brackets(each))) {
            recipients_.push_back(*mailbox);
        }
    }
}

EnvelopeChecks::~EnvelopeChecks() = default;

checks::Heard EnvelopeChecks::run(const analyzers::Report& report, const auth::Results& auth,
                                  const std::string& header, std::uint64_t size) const {
    const mail::IpAddress nobody = mail::IpAddress::from_bytes({});
    checks::Facts facts{{.client = client_.value_or(nobody), .hostname = settings_.smtp.hostname},
                        helo_,
                        sender_,
                        {},
                        {}};
    facts.connection.trusted = client_ && trusted(settings_, lists_.get(), *client_);
    facts.message = {header, size, recipients_, &report, auth};
    dns::Inquiry inquiry(*resolver_, dns::message_budget(settings_.dns));
    const checks::Tools tools{.dns = inquiry,
                              .state = *state_,
                              .settings = settings_,
                              .now = now_,
                              .lists = lists_.get()};
    checks::Heard heard;
    const auto run_stage = [&](Stage stage, bool known) {
        for (const Part part : {Part::AtOnce, Part::Dns, Part::Deferred}) {
            if (!known || heard.refusal) return;
            checks::run(plan_, stage, part, facts, tools, heard, {});
        }
    };
    run_stage(Stage::Connection, client_.has_value());
    run_stage(Stage::Helo, client_ && helo_);
    if (!facts.helo) facts.helo.emplace();
    run_stage(Stage::Sender, sender_.has_value());
    run_stage(Stage::Data, true);
    run_stage(Stage::Message, true);
    return heard;
}

std::string header_of(int file, std::size_t most) {
    std::string text(most, '\0');
    const ssize_t got = ::pread(file, text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    std::string header;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        std::string_view line = std::string_view(text).substr(at, end - at);
        if (line.ends_with('\r')) line.remove_suffix(1);
        header += line;
        header += "\r\n";
        if (line.empty()) break;
        at = end + 1;
    }
    return header;
}

}  // namespace postern::cli
