#include <bit>
#include <cmath>
#include <type_traits>

#include "analyzers/api/codec_fields.hpp"
#include "analyzers/base/clean_text.hpp"

namespace postern::analyzers {
namespace codec {
namespace {

/// Keeps the first error; after it every read yields nothing, so that callers check once.
class Reader {
public:
    explicit Reader(std::string_view bytes) : left_(bytes) {}

    [[nodiscard]] bool ok() const { return !error_; }
    [[nodiscard]] std::optional<CodecError> error() const { return error_; }
    [[nodiscard]] std::size_t left() const { return left_.size(); }
    void fail(CodecError error) {
        if (!error_) error_ = error;
    }

    template <std::unsigned_integral T>
    void integer(T& value) {
        value = 0;
        const std::string_view bytes = take(sizeof(T));
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            const auto byte = static_cast<unsigned char>(bytes[i]);
            value = static_cast<T>(value | static_cast<T>(static_cast<T>(byte) << (8 * i)));
        }
    }
    void bounded(std::uint64_t& value, std::uint64_t least, std::uint64_t most) {
        integer(value);
        if (ok() && (value < least || value > most)) fail(CodecError::BadValue);
    }
    void flag(bool& value) {
        std::uint8_t number = 0;
        integer(number);
        if (number > 1) fail(CodecError::BadValue);
        value = number == 1;
    }
    template <class E>
    requires std::is_enum_v<E>
    void enumerator(E& value, E last) {
        std::uint8_t number = 0;
        integer(number);
        if (number > static_cast<std::uint8_t>(last)) {
            fail(CodecError::BadValue);
            return;
        }
        value = static_cast<E>(number);
    }
    void real(double& value, double least, double most) {
        std::uint64_t bits = 0;
        integer(bits);
        const auto number = std::bit_cast<double>(bits);
        if (!std::isfinite(number) || number < least || number > most) {
            fail(CodecError::BadValue);
            return;
        }
        value = number;
    }
    void reference(std::optional<std::uint32_t>& value) {
        std::uint8_t present = 0;
        integer(present);
        if (present > 1) fail(CodecError::BadValue);
        std::uint32_t index = 0;
        if (present == 1) integer(index);
        if (present == 1 && ok()) value = index;
    }
    void text(std::string& value, std::size_t limit) {
        std::uint32_t length = 0;
        integer(length);
        if (length > limit) fail(CodecError::BadText);
        const std::string_view bytes = take(length);
        if (!is_utf8(bytes)) fail(CodecError::BadText);
        if (ok()) value = bytes;
    }
    void texts(std::vector<std::string>& values, std::size_t most, std::size_t limit) {
        const std::uint32_t count = counted(most, sizeof(std::uint32_t));
        for (std::uint32_t i = 0; i < count && ok(); ++i) text(values.emplace_back(), limit);
    }
    void digest(std::string& value) {
        const std::string_view bytes = take(64);
        const bool hex = bytes.find_first_not_of("0123456789abcdef") == std::string_view::npos;
        if (!hex) fail(CodecError::BadDigest);
        if (ok()) value = bytes;
    }
    /// Entries inside an entry.
    template <class T>
    void list(std::vector<T>& values, std::size_t most, std::size_t least) {
        const std::uint32_t count = counted(most, least);
        values.reserve(count);
        for (std::uint32_t i = 0; i < count && ok(); ++i) fields(*this, values.emplace_back());
    }
    /// A count of entries of at least `least` bytes each, at most `most`; 0 after an error.
    std::uint32_t counted(std::size_t most, std::size_t least) {
        std::uint32_t count = 0;
        integer(count);
        if (count > most || count > left_.size() / least) fail(CodecError::BadCount);
        return ok() ? count : 0;
    }
    void section(Section expected) {
        std::uint8_t tag = 0;
        integer(tag);
        if (ok() && tag != static_cast<std::uint8_t>(expected)) fail(CodecError::BadTag);
    }

private:
    std::string_view take(std::size_t count) {
        if (count > left_.size()) fail(CodecError::Truncated);
        if (!ok()) return {};
        const std::string_view taken = left_.substr(0, count);
        left_.remove_prefix(count);
        return taken;
    }

    std::string_view left_;
    std::optional<CodecError> error_;
};

template <class T>
void entries(Reader& reader, Section section, std::size_t least, std::vector<T>& into,
             std::size_t most = kMaxReport) {
    reader.section(section);
    const std::uint32_t count = reader.counted(most, least);
    into.reserve(count);
    for (std::uint32_t i = 0; i < count && reader.ok(); ++i) fields(reader, into.emplace_back());
}

/// [0] is the root; every other comes out of one before it.
bool is_tree(const std::vector<Object>& objects) {
    for (std::size_t i = 0; i < objects.size(); ++i) {
        const Object& object = objects[i];
        if ((i == 0) != (object.relation == Relation::Root)) return false;
        if (object.parent ? *object.parent >= i : i != 0) return false;
    }
    return !objects.empty();
}

bool refers_to_objects(const Report& report) {
    const auto exists = [&](const std::optional<std::uint32_t>& index) {
        return !index || *index < report.objects.size();
    };
    for (const Url& url : report.urls) {
        if (!exists(url.object)) return false;
    }
    for (const LimitHit& hit : report.limits) {
        if (!exists(hit.object)) return false;
    }
    for (const AnalysisError& error : report.errors) {
        if (!exists(error.object)) return false;
    }
    for (const Finding& finding : report.findings) {
        if (!exists(finding.object)) return false;
    }
    for (const DmarcReport& each : report.dmarc_reports) {
        if (!exists(each.object)) return false;
    }
    return true;
}

void body(Reader& reader, Report& report) {
    reader.section(Section::Message);
    fields(reader, report.message);
    entries(reader, Section::Objects, kLeastObject, report.objects);
    if (reader.ok() && !is_tree(report.objects)) reader.fail(CodecError::BadReference);
    entries(reader, Section::Urls, kLeastUrl, report.urls);
    entries(reader, Section::Limits, kLeastLimit, report.limits);
    entries(reader, Section::Errors, kLeastError, report.errors);
    entries(reader, Section::Findings, kLeastFinding, report.findings);
    entries(reader, Section::DmarcReports, kLeastDmarcReport, report.dmarc_reports,
            kMaxDmarcReports);
    if (reader.ok() && reader.left() != 0) reader.fail(CodecError::Trailing);
    if (reader.ok() && !refers_to_objects(report)) reader.fail(CodecError::BadReference);
}

void header(Reader& reader) {
    std::uint32_t magic = 0;
    std::uint32_t version = 0;
    std::uint64_t length = 0;
    reader.integer(magic);
    if (reader.ok() && magic != kMagic) reader.fail(CodecError::BadMagic);
    reader.integer(version);
    if (reader.ok() && version != kVersion) reader.fail(CodecError::BadVersion);
    reader.integer(length);
    if (length > kMaxReport - kReportHeader) reader.fail(CodecError::TooLong);
    if (length > reader.left()) reader.fail(CodecError::Truncated);
    if (length < reader.left()) reader.fail(CodecError::Trailing);
}

}  // namespace
}  // namespace codec

std::string_view describe(CodecError error) {
    switch (error) {
        case CodecError::TooLong:
            return "the report is too long";
        case CodecError::Truncated:
            return "the report ends too early";
        case CodecError::Trailing:
            return "there are bytes after the report";
        case CodecError::BadMagic:
            return "this is no report";
        case CodecError::BadVersion:
            return "the report is of another version";
        case CodecError::BadTag:
            return "a section is missing or in the wrong place";
        case CodecError::BadCount:
            return "more entries are announced than can follow";
        case CodecError::BadText:
            return "a text is no UTF-8 or too long";
        case CodecError::BadReference:
            return "an object refers to one that does not exist";
        case CodecError::BadDigest:
            return "a digest is malformed";
        case CodecError::BadValue:
            return "a value is out of range";
    }
    return "unknown";
}

Outcome<Report, CodecError> decode(std::string_view framed) {
    if (framed.size() > kMaxReport) return Failure{CodecError::TooLong};
    codec::Reader reader(framed);
    codec::header(reader);
    Report report;
    if (reader.ok()) codec::body(reader, report);
    if (const auto error = reader.error()) return Failure{*error};
    return report;
}

}  // namespace postern::analyzers
