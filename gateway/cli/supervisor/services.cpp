#include "gateway/cli/supervisor/services.hpp"

#include <nlohmann/json.hpp>

#include "gateway/reputation/lookup/settings.hpp"
#include "gateway/settings/effective.hpp"

namespace postern::cli {
namespace {

/// Adds a descriptor the child is to have and gives the number it will have there.
class Inheritance {
public:
    explicit Inheritance(Program& program) : program_(program) {}
    int add(int descriptor) {
        program_.descriptors.push_back(descriptor);
        return 2 + static_cast<int>(program_.descriptors.size());
    }

private:
    Program& program_;
};

}  // namespace

ServiceStart gatewayd_start(const Site& site, const Installation& installed,
                            const settings::Loaded& loaded, int control) {
    ServiceStart start;
    start.program.path = installed.programs + "/postern-gatewayd";
    start.program.run_as = site.users.smtp;
    Inheritance inherited(start.program);
    const auto option = [&](const std::string& name, int descriptor) {
        start.program.arguments.push_back("--" + name);
        start.program.arguments.push_back(std::to_string(inherited.add(descriptor)));
    };
    const auto file = [&](const std::string& content) {
        return start.files.emplace_back(memory_file(content)).get();
    };
    option("settings-fd", file(settings::effective_toml(loaded)));
    option("control-fd", control);
    option("key-fd", site.key.get());
    if (!site.smtp_certificates.empty()) option("certificates-fd", file(site.smtp_certificates));
    if (!site.signing_keys.empty()) option("signing-keys-fd", file(site.signing_keys));
    if (site.metrics.socket) option("metrics-fd", site.metrics.socket.get());
    for (const Listener& each : site.smtp) option("listen-fd", each.socket.get());
    for (const Listener& each : site.smtp_tls) option("listen-tls-fd", each.socket.get());
    return start;
}

ServiceStart web_start(const Site& site, const Installation& installed,
                       const settings::Loaded& loaded, int control) {
    ServiceStart start;
    start.program.path = installed.programs + "/postern-web";
    start.program.run_as = site.users.web;
    Inheritance inherited(start.program);
    const settings::Settings& settings = loaded.settings;
    const auto session =
        std::chrono::duration_cast<std::chrono::seconds>(settings.web.session_time).count();
    nlohmann::json document = {{"listen_fd", inherited.add(site.web.socket.get())},
                               {"control_fd", inherited.add(control)},
                               {"app", installed.web_app},
                               {"certificate_pem", site.web_certificate},
                               {"key_pem", site.web_key},
                               {"hosts", {settings.smtp.hostname, "localhost"}},
                               {"session_seconds", session},
                               {"quarantine",
                                {{"url", settings.quarantine.url},
                                 {"blobs", settings.quarantine.blobs},
                                 {"key", settings.quarantine.key},
                                 {"key_fd", inherited.add(site.key.get())}}}};
    const int text = start.files.emplace_back(memory_file(document.dump())).get();
    start.program.arguments = {"--settings-fd", std::to_string(inherited.add(text))};
    return start;
}

ServiceStart lookup_start(const Site& site, const Installation& installed,
                          const settings::Loaded& loaded, int control) {
    ServiceStart start;
    start.program.path = installed.programs + "/postern-lookup";
    start.program.run_as = site.users.lookup;
    Inheritance inherited(start.program);
    const settings::Settings& settings = loaded.settings;
    reputation::LookupSettings document;
    document.control_fd = inherited.add(control);
    document.folder = settings.lists.feed_folder;
    document.authorities = settings.lists.authorities;
    document.dns_servers = settings.dns.servers;
    for (const settings::ListFeed& feed : settings.lists.feeds) {
        const auto headers = site.feed_headers.find(feed.name);
        document.feeds.push_back({feed, headers == site.feed_headers.end()
                                            ? std::vector<std::string>()
                                            : headers->second});
    }
    const std::string text = reputation::write_lookup_settings(document);
    const int file = start.files.emplace_back(memory_file(text)).get();
    start.program.arguments = {"--settings-fd", std::to_string(inherited.add(file))};
    return start;
}

}  // namespace postern::cli
