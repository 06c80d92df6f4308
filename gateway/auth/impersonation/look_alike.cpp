#include "gateway/auth/impersonation/look_alike.hpp"

#include <idn2.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uspoof.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include "analyzers/base/ascii.hpp"

namespace postern::auth {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kMaxText = 1000;  // bytes; names and domains are shorter
constexpr std::size_t kLongEnough = 5;  // letters of a name for one edit to be no accident
constexpr std::size_t kLong = 10;       // for two
constexpr std::size_t kHeldFrom = 5;    // letters of a name that is looked for inside another
constexpr std::array kTitles = {"mr"sv, "mrs"sv, "ms"sv, "dr"sv, "prof"sv, "herr"sv, "frau"sv};

struct SpoofClose {
    void operator()(USpoofChecker* checker) const { uspoof_close(checker); }
};

/// Immutable once made, and what ICU calls thread-safe.
const USpoofChecker* spoof_checker() {
    static const auto kChecker = [] {
        UErrorCode status = U_ZERO_ERROR;
        return std::unique_ptr<USpoofChecker, SpoofClose>(uspoof_open(&status));
    }();
    return kChecker.get();
}

icu::UnicodeString utf16(std::string_view utf8) {
    return icu::UnicodeString::fromUTF8(
        icu::StringPiece(utf8.data(), static_cast<int32_t>(std::min(utf8.size(), kMaxText))));
}

/// Letters without what is written over, under and through them.
icu::UnicodeString levelled(const icu::UnicodeString& text) {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* form = icu::Normalizer2::getNFKDInstance(status);
    const icu::UnicodeString apart = U_SUCCESS(status) ? form->normalize(text, status) : text;
    icu::UnicodeString kept;
    for (int32_t i = 0; i < apart.length(); i = apart.moveIndex32(i, 1)) {
        const UChar32 c = apart.char32At(i);
        const auto kind = u_charType(c);
        const bool shapeless = kind == U_NON_SPACING_MARK || kind == U_ENCLOSING_MARK ||
                               kind == U_FORMAT_CHAR || kind == U_CONTROL_CHAR;
        if (!shapeless) kept.append(c);
    }
    return kept;
}

/// UTS #39 4, step 3; without the data of ICU, nothing looks like anything else.
icu::UnicodeString prototypes(const icu::UnicodeString& text) {
    if (spoof_checker() == nullptr) return text;
    UErrorCode status = U_ZERO_ERROR;
    icu::UnicodeString shape;
    uspoof_getSkeletonUnicodeString(spoof_checker(), 0, text, shape, &status);
    return U_SUCCESS(status) ? shape : text;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string result;
    for (std::size_t at = text.find(from); at != std::string_view::npos; at = text.find(from)) {
        result.append(text.substr(0, at)).append(to);
        text.remove_prefix(at + from.size());
    }
    return result.append(text);
}

std::u32string code_points(std::string_view utf8) {
    const icu::UnicodeString text = utf16(utf8);
    std::u32string points;
    for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        points.push_back(static_cast<char32_t>(text.char32At(i)));
    }
    return points;
}

std::string u_labels(std::string_view a_labels) {
    char* text = nullptr;
    const std::string name(a_labels);
    if (idn2_to_unicode_8z8z(name.c_str(), &text, 0) != IDN2_OK || text == nullptr) return name;
    const std::unique_ptr<char, void (*)(void*)> owned(text, idn2_free);
    return text;
}

bool same_within(const std::string& seen, const std::string& ours) {
    const std::u32string one = code_points(seen);
    const std::u32string other = code_points(ours);
    if (other.size() < kLongEnough) return false;
    const std::size_t most = other.size() >= kLong ? 2 : 1;
    return edits(one, other, most) <= most;
}

/// "example-billing", "myexample": our name beside others. A short name is in many words.
bool holds(const std::string& seen, const std::string& ours) {
    if (code_points(ours).size() < kHeldFrom || seen.size() <= ours.size()) return false;
    return seen.find(ours) != std::string::npos;
}

}  // namespace

std::string skeleton(std::string_view utf8) {
    // Once as it is, since a capital I looks like an l; once more in lower case.
    icu::UnicodeString shape = levelled(prototypes(utf16(utf8)));
    shape = levelled(prototypes(shape.foldCase())).foldCase();
    std::string bytes;
    shape.toUTF8String(bytes);
    return replaced(replaced(bytes, "rn", "m"), "vv", "w");
}

std::vector<std::string> name_words(std::string_view utf8) {
    const icu::UnicodeString text = levelled(utf16(utf8)).foldCase();
    std::vector<std::string> words;
    icu::UnicodeString current;
    const auto end_word = [&] {
        if (current.isEmpty()) return;
        std::string bytes;
        current.toUTF8String(bytes);
        words.push_back(std::move(bytes));
        current.remove();
    };
    for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
        const UChar32 c = text.char32At(i);
        if (u_isalnum(c) != 0) {
            current.append(c);
        } else if (c != '\'' && c != 0x2019) {
            end_word();
        }
    }
    end_word();
    std::vector<std::string> strong;
    for (const std::string& each : words) {
        const bool title = std::find(kTitles.begin(), kTitles.end(), each) != kTitles.end();
        if (!title && code_points(each).size() > 1) strong.push_back(each);
    }
    if (strong.size() >= 2) words = std::move(strong);
    // In names an l is often meant to be read as an i, and a capital I as either.
    for (std::string& each : words) each = replaced(skeleton(each), "i", "l");
    std::sort(words.begin(), words.end());
    return words;
}

std::string_view word(Likeness likeness) {
    constexpr std::array kWords = {"none"sv, "holds the name"sv, "another suffix"sv,
                                   "a letter off"sv, "looks the same"sv};
    return kWords.at(static_cast<std::size_t>(likeness));
}

BrandDomain brand_of(std::string_view registrable) {
    const std::size_t dot = std::min(registrable.find('.'), registrable.size());
    BrandDomain brand{u_labels(ascii_lower(registrable.substr(0, dot))), {}};
    if (dot < registrable.size()) brand.suffix = ascii_lower(registrable.substr(dot + 1));
    return brand;
}

Likeness likeness(const BrandDomain& seen, const BrandDomain& ours) {
    if (seen.name == ours.name) {
        return seen.suffix == ours.suffix ? Likeness::None : Likeness::OtherSuffix;
    }
    const std::string one = skeleton(seen.name);
    const std::string other = skeleton(ours.name);
    if (one == other) return Likeness::SameLook;
    if (same_within(one, other)) return Likeness::OneOff;
    return holds(one, other) ? Likeness::Holds : Likeness::None;
}

std::size_t edits(std::u32string_view one, std::u32string_view other, std::size_t most) {
    const std::size_t longer = std::max(one.size(), other.size());
    const std::size_t shorter = std::min(one.size(), other.size());
    if (longer - shorter > most) return most + 1;
    std::vector<std::size_t> before(other.size() + 1);
    std::vector<std::size_t> row(other.size() + 1);
    std::vector<std::size_t> next(other.size() + 1);
    for (std::size_t j = 0; j <= other.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= one.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const std::size_t change = one[i - 1] == other[j - 1] ? 0 : 1;
            next[j] = std::min({row[j] + 1, next[j - 1] + 1, row[j - 1] + change});
            const bool swapped =
                i > 1 && j > 1 && one[i - 1] == other[j - 2] && one[i - 2] == other[j - 1];
            if (swapped) next[j] = std::min(next[j], before[j - 2] + 1);
        }
        std::swap(before, row);
        std::swap(row, next);
    }
    return std::min(row[other.size()], most + 1);
}

}  // namespace postern::auth
