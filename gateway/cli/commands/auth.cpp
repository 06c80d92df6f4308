/// @file `postern auth`: who sent a message, by the gateway's own code. Everything it asks the DNS
/// goes to [dns].servers.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

#include "analyzers/base/clean_text.hpp"
#include "analyzers/base/unique_fd.hpp"
#include "gateway/cli/authentication.hpp"
#include "gateway/cli/command.hpp"
#include "gateway/verdict/auth_json.hpp"

namespace postern::cli {
namespace {

using nlohmann::json;

constexpr std::size_t kLongestDetail = 512;

json envelope_json(const auth::Sender& sender, const Arguments& arguments) {
    const auto text_or_null = [&](const char* option) {
        const auto value = arguments.value(option);
        return value ? json(*value) : json();
    };
    return {{"client_ip", sender.client ? json(sender.client->text()) : json()},
            {"client_name", json()},
            {"helo", text_or_null("helo")},
            {"reverse_path", arguments.has("from") ? json(sender.reverse_path) : json()},
            {"forward_paths", arguments.values("to")},
            {"tls", text_or_null("tls")}};
}

bool is_bad(auth::SpfResult result) {
    return result != auth::SpfResult::Pass && result != auth::SpfResult::Neutral &&
           result != auth::SpfResult::None;
}

/// What DMARC says; where nobody published a policy, what SPF and the signatures say.
bool is_bad(const auth::Results& results) {
    if (results.dmarc && results.dmarc->result != auth::DmarcResult::None) {
        return results.dmarc->result != auth::DmarcResult::Pass;
    }
    const bool signature_failed =
        std::any_of(results.dkim.begin(), results.dkim.end(),
                    [](const auth::Dkim& each) { return each.result != auth::DkimResult::Pass; });
    return is_bad(results.spf->result) || signature_failed;
}

void line(std::string_view method, std::string_view result, std::string_view about,
          std::string_view detail) {
    std::cout << method << "=" << result;
    if (!about.empty()) std::cout << " " << clean_text(about, kLongestDetail);
    if (!detail.empty()) std::cout << " (" << clean_text(detail, kLongestDetail) << ")";
    std::cout << "\n";
}

void tell_spf(const auth::Spf& spf) {
    const bool helo = spf.identity == auth::Spf::Identity::Helo;
    line(helo ? "spf.helo" : "spf.mailfrom", word(spf.result), spf.domain, spf.detail);
    if (!spf.explanation) return;
    std::cout << "  the domain explains: " << clean_text(*spf.explanation, kLongestDetail) << "\n";
}

void tell_person(const auth::Results& results) {
    if (results.iprev) {
        line("iprev", word(results.iprev->result), results.iprev->name, results.iprev->detail);
    }
    if (results.spf) tell_spf(*results.spf);
    if (results.spf_helo) tell_spf(*results.spf_helo);
    for (const auth::Dkim& dkim : results.dkim) {
        const std::string left_out = dkim.left_out.empty() ? "" : "; " + dkim.left_out;
        line("dkim", word(dkim.result), dkim.domain + " " + dkim.selector, dkim.detail + left_out);
    }
    if (results.dmarc && results.dkim.empty()) line("dkim", "none", "", "no signature");
    if (results.arc) {
        line("arc", word(results.arc->result), results.arc->sealer, results.arc->detail);
    }
    if (!results.dmarc) return;
    const auth::Dmarc& dmarc = *results.dmarc;
    line("dmarc", word(dmarc.result), dmarc.domain, dmarc.detail);
    line("disposition", word(dmarc.disposition), "", "");
}

void tell(const std::string& path, const Authentication& authentication,
          const auth::Results& results, const Arguments& arguments, const Context& context) {
    if (!context.json) {
        if (!path.empty()) std::cout << path << "\n";
        return tell_person(results);
    }
    json object = {{"schema", "postern.auth/1"},
                   {"envelope", envelope_json(authentication.sender(), arguments)},
                   {"auth", json::parse(verdict::auth_json(results))}};
    if (!path.empty()) object["file"] = path;
    std::cout << object.dump(-1, ' ', false, json::error_handler_t::replace) << std::endl;
}

int check_file(const std::string& path, const Authentication& authentication,
               const Arguments& arguments, const Context& context) {
    const UniqueFd file(path == "-" ? ::dup(STDIN_FILENO)
                                    : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return complain(path + ": " + std::strerror(errno), kCouldNot);
    const auto results = authentication.message(file.get());
    if (!results) return complain(path + ": " + results.error(), kCouldNot);
    tell(path, authentication, *results, arguments, context);
    return is_bad(*results) ? kBad : kFine;
}

int run(const Arguments& arguments, const Context& context) {
    const bool spf_only = arguments.has("spf-only");
    if (spf_only && !arguments.has("ip")) throw UsageError("--spf-only needs --ip");
    if (!spf_only && arguments.words().empty()) {
        throw UsageError("auth needs a file, or - for standard input");
    }
    const Authentication authentication(arguments, context);
    if (spf_only) {
        const auth::Results results = authentication.envelope();
        tell("", authentication, results, arguments, context);
        return is_bad(results.spf->result) ? kBad : kFine;
    }
    int worst = kFine;
    for (const std::string& path : arguments.words()) {
        worst = std::max(worst, check_file(path, authentication, arguments, context));
    }
    return worst;
}

}  // namespace

Command auth_command() {
    std::vector<Option> options = envelope_options();
    options.push_back({"spf-only", "", "SPF of --ip, --helo and --from; needs no message"});
    return {"auth", "FILE...|-",
            "SPF, DKIM, DMARC, ARC and iprev of a message; exit 1 unless it is authentic",
            std::move(options), run};
}

}  // namespace postern::cli
