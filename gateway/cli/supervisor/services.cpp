#include "gateway/cli/supervisor/services.hpp"

#include <nlohmann/json.hpp>

namespace postern::cli {
namespace {

/// The effective settings as TOML: what the service parses is what `config show` shows.
std::string effective_toml(const settings::Loaded& loaded) {
    std::string toml;
    for (const settings::Effective& each : loaded.effective) {
        if (each.key.find('[') == std::string::npos) toml += each.key + " = " + each.value + "\n";
    }
    for (const settings::Effective& each : loaded.effective) {  // tables in arrays come last
        const std::size_t open = each.key.find('[');
        if (open == std::string::npos) continue;
        const std::size_t close = each.key.find("].", open);
        if (each.key.ends_with(".name")) toml += "[[" + each.key.substr(0, open) + "]]\n";
        toml += each.key.substr(close + 2) + " = " + each.value + "\n";
    }
    return toml;
}

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
    option("settings-fd", file(effective_toml(loaded)));
    option("control-fd", control);
    option("key-fd", site.key.get());
    if (!site.smtp_certificate.empty()) {
        option("certificate-fd", file(site.smtp_certificate));
        option("certificate-key-fd", file(site.smtp_key));
    }
    if (site.metrics.socket) option("metrics-fd", site.metrics.socket.get());
    for (const Listener& each : site.smtp) option("listen-fd", each.socket.get());
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

}  // namespace postern::cli
