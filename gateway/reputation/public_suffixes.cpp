#include "gateway/reputation/public_suffixes.hpp"

#include <libpsl.h>

#include <utility>

#include "gateway/reputation/lists/host_name.hpp"

namespace postern::reputation {
namespace {

std::string registrable(const psl_ctx_t* suffixes, std::string_view host) {
    const auto name = ascii_host(host);
    if (!name || suffixes == nullptr) return {};
    const char* domain = ::psl_registrable_domain(suffixes, name->c_str());
    return domain == nullptr ? std::string() : std::string(domain);
}

}  // namespace

struct PublicSuffixes::State {
    explicit State(psl_ctx_t* loaded) : suffixes(loaded, ::psl_free) {}
    std::unique_ptr<psl_ctx_t, void (*)(psl_ctx_t*)> suffixes;
};

PublicSuffixes::PublicSuffixes(std::unique_ptr<State> state) : state_(std::move(state)) {}
PublicSuffixes::~PublicSuffixes() = default;
PublicSuffixes::PublicSuffixes(PublicSuffixes&&) noexcept = default;
PublicSuffixes& PublicSuffixes::operator=(PublicSuffixes&&) noexcept = default;

Outcome<PublicSuffixes, std::string> PublicSuffixes::load(const std::string& file) {
    auto state = std::make_unique<State>(file.empty() ? ::psl_latest(nullptr)
                                                      : ::psl_load_file(file.c_str()));
    psl_ctx_t* loaded = state->suffixes.get();
    // A file of another kind loads as a list without rules. Compiled lists cannot count theirs.
    if (loaded == nullptr || ::psl_suffix_count(loaded) == 0) {
        return Failure{(file.empty() ? std::string("the system's Public Suffix List") : file) +
                       ": cannot be read as a Public Suffix List"};
    }
    return PublicSuffixes(std::move(state));
}

std::string PublicSuffixes::registrable_domain(std::string_view host) const {
    return registrable(state_->suffixes.get(), host);
}

std::string registrable_domain(std::string_view host) {
    return registrable(::psl_builtin(), host);
}

}  // namespace postern::reputation
