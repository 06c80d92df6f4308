#include "gateway/cli/supervisor/site.hpp"

#include <fcntl.h>
#include <sodium.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gateway/auth/outgoing.hpp"
#include "gateway/cli/open_store.hpp"
#include "gateway/cli/supervisor/certificate.hpp"
#include "gateway/cli/supervisor/listeners.hpp"
#include "gateway/control/certificates.hpp"
#include "gateway/reputation/lookup/settings.hpp"

namespace postern::cli {
namespace {

namespace fs = std::filesystem;
using Step = Outcome<Done, std::string>;

constexpr std::size_t kPasswordLength = 16;

std::string first_existing(const std::vector<std::string>& candidates) {
    const auto found = std::find_if(candidates.begin(), candidates.end(), [](const auto& path) {
        std::error_code error;
        return fs::exists(path, error);
    });
    return found == candidates.end() ? candidates.front() : *found;
}

std::string read_whole(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return in ? text.str() : std::string();
}

/// No letter or digit that people confuse.
std::string random_password() {
    constexpr std::string_view kAlphabet =
        "abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    std::string password;
    for (std::size_t i = 0; i < kPasswordLength; ++i) {
        password += kAlphabet[::randombytes_uniform(static_cast<std::uint32_t>(kAlphabet.size()))];
    }
    return password;
}

Step make_folders(const settings::Settings& settings, const ServiceUsers& users) {
    const std::string& spool = settings.smtp.spool;
    for (const std::string& folder :
         {settings::state_folder(settings), settings.quarantine.blobs, spool, settings.web.data}) {
        if (Step made = make_shared_folder(folder, users); !made) return made;
    }
    return Done{};
}

/// The folder of the feeds, and what is sent to get them: keys that postern-lookup cannot read
/// itself.
Step prepare_feeds(const settings::Lists& lists, Site& site) {
    if (lists.feeds.empty()) return Done{};
    for (const settings::ListFeed& feed : lists.feeds) {
        if (feed.header_file.empty()) continue;
        const std::string text = read_whole(feed.header_file);
        if (text.empty()) return Failure{"cannot read " + feed.header_file};
        auto lines = reputation::read_header_lines(text);
        if (!lines) return Failure{feed.header_file + ": " + lines.error()};
        site.feed_headers[feed.name] = std::move(lines).value();
    }
    return make_lookup_folder(lists.feed_folder, site.users);
}

/// Opens the store once, so that database and key exist with the right owners, and the first
/// account with them.
Step open_quarantine(const settings::Settings& settings, Site& site) {
    try {
        const auto store = open_store(settings);
        const auto users = store->accounts().list();
        if (!users) return Failure{"the accounts: " + users.error().detail};
        if (users->empty() && settings.web.enabled) {
            const std::string password = random_password();
            const auto added =
                store->accounts().add("admin", password, quarantine::Role::Admin, {"serve", ""});
            if (!added) return Failure{"the first account: " + added.error().detail};
            site.first_login = "admin " + password;
        }
    } catch (const std::runtime_error& error) {
        return Failure{std::string(error.what())};
    }
    constexpr std::string_view kScheme = "sqlite://";
    const std::string database = settings.quarantine.url.substr(kScheme.size());
    for (const char* suffix : {"", "-wal", "-shm"}) {
        share_file(database + suffix, site.users, 0660);
    }
    const std::string key = read_whole(settings.quarantine.key);
    if (key.empty()) return Failure{"cannot read " + settings.quarantine.key};
    site.key = memory_file(key);
    return Done{};
}

/// Certificate and key as text: the services need not be able to open the files themselves.
Step load_certificate(const std::string& certificate, const std::string& key,
                      const std::string& folder, const std::string& name,
                      const std::string& hostname, std::string& certificate_out,
                      std::string& key_out) {
    CertificateFiles files{certificate, key};
    if (certificate.empty()) {
        auto made = ensure_certificate(folder, name, hostname);
        if (!made) return Failure{made.error()};
        files = std::move(made).value();
    }
    for (const auto& [path, out] :
         {std::pair{files.certificate, &certificate_out}, std::pair{files.key, &key_out}}) {
        *out = read_whole(path);
        if (out->empty()) return Failure{"cannot read " + path};
    }
    return Done{};
}

Step load_certificates(const settings::Settings& settings, Site& site) {
    auto document = smtp_certificates(settings);
    if (!document) return Failure{document.error()};
    site.smtp_certificates = std::move(document).value();
    if (!settings.web.enabled) return Done{};
    return load_certificate(settings.web.certificate, settings.web.key, settings.web.data, "web",
                            settings.smtp.hostname, site.web_certificate, site.web_key);
}

Step load_signing_keys(const settings::Settings& settings, Site& site) {
    auto keys = auth::signing_keys(settings.dkim, settings.arc);
    if (!keys) return Failure{keys.error()};
    site.signing_keys = std::move(keys).value();
    return Done{};
}

Step listen(const std::string& endpoint, Listener& into, const std::vector<const Listener*>& old) {
    for (const Listener* each : old) {
        if (each->endpoint == endpoint && each->socket) {
            // A duplicate: should a later step fail, the old site still has all it needs.
            into = {endpoint, UniqueFd(::fcntl(each->socket.get(), F_DUPFD_CLOEXEC, 0))};
            return Done{};
        }
    }
    auto socket = listen_on(endpoint);
    if (!socket) return Failure{socket.error()};
    into = {endpoint, std::move(socket).value()};
    return Done{};
}

Step open_sockets(const settings::Settings& settings, Site& site, const Site* again) {
    std::vector<const Listener*> old;
    if (again != nullptr) {
        for (const Listener& each : again->smtp) old.push_back(&each);
        for (const Listener& each : again->smtp_tls) old.push_back(&each);
        old.push_back(&again->web);
        old.push_back(&again->metrics);
    }
    for (const std::string& endpoint : settings.smtp.listen) {
        if (Step done = listen(endpoint, site.smtp.emplace_back(), old); !done) return done;
    }
    for (const std::string& endpoint : settings.smtp.listen_tls) {
        if (Step done = listen(endpoint, site.smtp_tls.emplace_back(), old); !done) return done;
    }
    if (settings.web.enabled) {
        if (Step done = listen(settings.web.listen, site.web, old); !done) return done;
    }
    if (!settings.metrics_listen.empty()) {
        // Mail matters more than figures about it.
        const Step done = listen(settings.metrics_listen, site.metrics, old);
        if (!done) site.warning = "no metrics: " + done.error();
    }
    return Done{};
}

}  // namespace

Installation installation(const std::string& program_folder) {
    return {program_folder,
            first_existing({program_folder + "/../share/postern/rules/yara", POSTERN_RULES}),
            program_folder + "/../share/postern/web"};
}

std::vector<std::string> rule_paths(const settings::Settings& settings,
                                    const Installation& installed) {
    std::vector<std::string> paths = settings.signatures.yara;
    std::replace(paths.begin(), paths.end(), std::string("default"), installed.rules);
    return paths;
}

Outcome<std::string, std::string> smtp_certificates(const settings::Settings& settings) {
    const settings::Smtp& smtp = settings.smtp;
    if (smtp.tls == settings::TlsOffer::Off) return std::string();
    control::CertificateSet set;
    control::Identity first;
    first.origin = smtp.certificate;
    Step done = load_certificate(smtp.certificate, smtp.key, settings::state_folder(settings),
                                 "smtp", smtp.hostname, first.certificate, first.key);
    if (!done) return Failure{done.error()};
    set.identities.push_back(std::move(first));
    for (const settings::Certificate& each : smtp.tls_more.certificates) {
        control::Identity further;
        further.origin = each.certificate;
        done = load_certificate(each.certificate, each.key, {}, {}, {}, further.certificate,
                                further.key);
        if (!done) return Failure{done.error()};
        set.identities.push_back(std::move(further));
    }
    if (!smtp.tls_more.client_ca.empty()) {
        set.client_ca = read_whole(smtp.tls_more.client_ca);
        if (set.client_ca.empty()) return Failure{"cannot read " + smtp.tls_more.client_ca};
    }
    return control::to_document(set);
}

std::vector<std::string> smtp_certificate_files(const settings::Settings& settings) {
    const settings::Smtp& smtp = settings.smtp;
    if (smtp.tls == settings::TlsOffer::Off || !smtp.tls_more.watch) return {};
    std::vector<std::string> files = {smtp.certificate, smtp.key, smtp.tls_more.client_ca};
    for (const settings::Certificate& each : smtp.tls_more.certificates) {
        files.push_back(each.certificate);
        files.push_back(each.key);
    }
    std::erase(files, std::string());
    return files;
}

Outcome<Site, std::string> prepare_site(const settings::Settings& settings,
                                        const Installation& installed, const Site* again) {
    if (::sodium_init() < 0) return Failure{std::string("libsodium cannot start")};
    std::vector<std::string> signatures = rule_paths(settings, installed);
    if (settings.signatures.clamav_enabled) signatures.push_back(settings.signatures.clamav);
    const std::string state = settings::state_folder(settings);
    const std::string above = fs::path(state).parent_path().string();
    auto users =
        service_users(settings.users, {{above}, std::move(signatures), {above, installed.web_app}});
    if (!users) return Failure{users.error()};
    Site site;
    site.warning = users->warning;
    site.users = std::move(users).value();
    Step done = make_folders(settings, site.users);
    if (done) done = prepare_feeds(settings.lists, site);
    if (done) done = open_quarantine(settings, site);
    if (done) done = load_certificates(settings, site);
    if (done) done = load_signing_keys(settings, site);
    if (done) done = open_sockets(settings, site, again);
    if (!done) return Failure{done.error()};
    return site;
}

}  // namespace postern::cli
