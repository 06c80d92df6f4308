#include "gateway/cli/scanner.hpp"

#include <chrono>

#include "analyzers/host/generation.hpp"
#include "gateway/cli/supervisor/analyzer_settings_of.hpp"
#include "gateway/dns/client.hpp"
#include "gateway/dns/from_settings.hpp"

namespace postern::cli {
namespace {

using host::MessageKind;
using transaction::KnownEnvelope;
using transaction::Look;

bool any_list(const settings::Lists& lists) {
    return !lists.dns.empty() || !lists.files.empty() || !lists.feeds.empty() ||
           !lists.allow.empty() || !lists.deny.empty() || !lists.allow_files.empty() ||
           !lists.deny_files.empty();
}

auth::AuthenticatorSettings authenticator_settings(const settings::Settings& settings) {
    auto made = auth::authenticator_settings(settings.auth, settings.smtp.hostname);
    made.explain = true;  // who runs a command asks for it
    return made;
}

}  // namespace

struct Scanner::Outside {
    explicit Outside(const settings::Settings& settings)
        : plan(checks::configure(settings)),
          authenticator(authenticator_settings(settings)),
          resolver(dns::client_settings(settings.dns)) {
        if (!any_list(settings.lists)) return;
        lists = std::make_unique<reputation::Lists>(settings.lists, resolver,
                                                    [](const reputation::Alarm&) {});
        lists->settle();
    }

    checks::Plan plan;
    auth::Authenticator authenticator;
    dns::Client resolver;
    std::unique_ptr<reputation::Lists> lists;
};

Scanner::Scanner(const Context& context) : context_(context) {}
Scanner::~Scanner() = default;

Outcome<Done, std::string> Scanner::start() {
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

Outcome<Look, host::DoorFailure> Scanner::look_at_object(const KnownEnvelope& envelope,
                                                         const Input& input) {
    const auto jail = [this](int file, std::uint64_t size) {
        return analyze(file, size, MessageKind::Object);
    };
    return transaction::look_at(context_.settings(), jail, nullptr, envelope, input.file.get(),
                                input.size);
}

Outcome<Look, host::DoorFailure> Scanner::look_at_message(const KnownEnvelope& envelope,
                                                          const Input& input, bool ask_outside) {
    const auto jail = [this](int file, std::uint64_t size) {
        return analyze(file, size, MessageKind::Message);
    };
    if (!ask_outside) {
        return transaction::look_at(context_.settings(), jail, nullptr, envelope, input.file.get(),
                                    input.size);
    }
    if (!outside_) outside_ = std::make_unique<Outside>(context_.settings());
    const transaction::Outsiders outsiders{outside_->authenticator, outside_->plan,
                                           outside_->resolver, outside_->lists.get()};
    return transaction::look_at(context_.settings(), jail, &outsiders, envelope, input.file.get(),
                                input.size);
}

Outcome<analyzers::Report, host::DoorFailure> Scanner::analyze(int file, std::uint64_t size,
                                                               MessageKind kind) {
    if (generation_->pump()) connect();
    const settings::Analysis& analysis = context_.settings().analysis;
    return door_.analyze(file, size, kind, analysis.limits,
                         std::chrono::steady_clock::now() + analysis.deadline);
}

void Scanner::connect() {
    if (auto channel = generation_->connect()) door_.set_channel(std::move(*channel));
}

}  // namespace postern::cli
