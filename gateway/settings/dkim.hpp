#pragma once

/// @file [dkim]: what we sign, and with which keys. [arc]: whether we seal. How the signatures of
/// others are read stands in [auth].

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace postern::settings {

class KeyReader;

/// Off: nothing. Reports: what we write ourselves. All: also what we pass on for a domain that has
/// a key.
enum class SignScope : std::uint8_t { Off, Reports, All };
enum class SignedForm : std::uint8_t { Relaxed, Simple };

/// [[dkim.key]]
struct DkimKey {
    std::string domain;    ///< d=, lower case
    std::string selector;  ///< s=, lower case
    std::string file;      ///< PEM; mode 0600 or 0640
};

struct Dkim {
    SignScope sign = SignScope::Off;
    std::vector<DkimKey> keys;  ///< several selectors of one domain sign all
    SignedForm header = SignedForm::Relaxed;
    SignedForm body = SignedForm::Relaxed;
    std::chrono::milliseconds lifetime{0};  ///< x= that long after t=; 0: no x=
    std::vector<std::string> fields;        ///< h= as it is; empty: chosen, over-signed
};

struct ArcSealing {
    bool seal = false;
    DkimKey key;
};

/// Both throw ConfigError. The key files are not opened.
void read_dkim(KeyReader& keys, Dkim& dkim);
void read_arc(KeyReader& keys, ArcSealing& arc);

}  // namespace postern::settings
