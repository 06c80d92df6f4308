#pragma once

/// @file Whether one name passes for another in a person's eyes. Pure.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::auth {

/// What the eye takes from a text: case, accents and look-alike characters levelled (the skeleton
/// of UTS #39 4, over NFKD), what has no shape of its own removed; and "rn" is "m", "vv" is "w", as
/// far as type on a screen tells. Equal skeletons: it looks the same. Never fails: bytes that are
/// no UTF-8 become U+FFFD.
[[nodiscard]] std::string skeleton(std::string_view utf8);

/// The words of a person's name as the eye takes them, sorted, so that "Doe, Jane" is "Jane Doe".
/// Titles and single letters are left out where two words are left without them.
[[nodiscard]] std::vector<std::string> name_words(std::string_view utf8);

/// Ordered: a later one is a closer imitation.
enum class Likeness : std::uint8_t {
    None,
    Holds,        ///< our name with words around it: "example-billing.org"
    OtherSuffix,  ///< our name under another public suffix
    OneOff,       ///< one or two letters off (of five or more, of ten or more)
    SameLook,     ///< cannot be told apart, or hardly
};
[[nodiscard]] std::string_view word(Likeness likeness);

/// A registrable domain, cut where its public suffix begins.
struct BrandDomain {
    std::string name;    ///< "example", U-labels
    std::string suffix;  ///< "org"
};
/// `registrable` in A-labels. Labels that are no A-labels stay as they are.
[[nodiscard]] BrandDomain brand_of(std::string_view registrable);

/// How `seen` imitates `ours`; None when they are the same.
[[nodiscard]] Likeness likeness(const BrandDomain& seen, const BrandDomain& ours);

/// Insertions, deletions, replacements and swaps of neighbours between two texts of code points
/// (optimal string alignment), or `most` + 1 when there are more.
[[nodiscard]] std::size_t edits(std::u32string_view one, std::u32string_view other,
                                std::size_t most);

}  // namespace postern::auth
