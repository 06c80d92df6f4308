#pragma once

/// @file Registrable domains by the Public Suffix List, private suffixes ("github.io") included.

#include <memory>
#include <string>
#include <string_view>

#include "analyzers/base/outcome.hpp"

namespace postern::reputation {

class PublicSuffixes {
public:
    /// `file`: a list in the format of publicsuffix.org; empty: the newest that the system has. The
    /// failure is a sentence.
    [[nodiscard]] static Outcome<PublicSuffixes, std::string> load(const std::string& file);
    ~PublicSuffixes();
    PublicSuffixes(PublicSuffixes&&) noexcept;
    PublicSuffixes& operator=(PublicSuffixes&&) noexcept;
    PublicSuffixes(const PublicSuffixes&) = delete;
    PublicSuffixes& operator=(const PublicSuffixes&) = delete;

    /// The public suffix of `host` and one label more, in A-labels: "example.co.uk". Empty: an IP
    /// address, a public suffix itself, or no host name.
    [[nodiscard]] std::string registrable_domain(std::string_view host) const;

private:
    struct State;
    explicit PublicSuffixes(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// The same by the list that is built into libpsl: for showing, where nothing depends on it.
[[nodiscard]] std::string registrable_domain(std::string_view host);

}  // namespace postern::reputation
