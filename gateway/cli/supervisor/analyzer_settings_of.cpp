#include "gateway/cli/supervisor/analyzer_settings_of.hpp"

namespace postern::cli {
namespace {

host::JailRequirement requirement(settings::JailLevel level) {
    switch (level) {
        case settings::JailLevel::Seccomp:
            return host::JailRequirement::Seccomp;
        case settings::JailLevel::Reduced:
            return host::JailRequirement::Reduced;
        case settings::JailLevel::Full:
            break;
    }
    return host::JailRequirement::Full;
}

}  // namespace

host::AnalyzerSettings analyzer_settings(const settings::Settings& settings,
                                         const Installation& installed) {
    host::AnalyzerSettings made;
    if (settings.signatures.clamav_enabled) made.clamav = settings.signatures.clamav;
    made.yara = rule_paths(settings, installed);
    made.require = requirement(settings.jail.require);
    made.idle_workers = settings.jail.idle_workers;
    made.max_workers = settings.jail.max_workers;
    made.memory = settings.jail.memory;
    made.scratch = settings.jail.scratch;
    made.scratch_base = settings.jail.scratch_base;
    made.cpu_time = settings.jail.cpu_time;
    made.wall_time = settings.jail.wall_time;
    return made;
}

}  // namespace postern::cli
