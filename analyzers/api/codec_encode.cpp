#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <type_traits>
#include <utility>

#include "analyzers/api/codec_fields.hpp"
#include "analyzers/base/clean_text.hpp"

namespace postern::analyzers {
namespace codec {
namespace {

/// Appends; brings into range what is not, so that the reader never refuses an honest report.
class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}

    template <std::unsigned_integral T>
    void integer(T value) {
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            out_.push_back(static_cast<char>(static_cast<unsigned char>(value >> (8 * i))));
        }
    }
    void bounded(std::uint64_t value, std::uint64_t least, std::uint64_t most) {
        integer(std::clamp(value, least, most));
    }
    void flag(bool value) { integer(static_cast<std::uint8_t>(value ? 1 : 0)); }
    template <class T>
    void list(std::vector<T>& values, std::size_t most, std::size_t /*least*/) {
        const std::size_t count = std::min(values.size(), most);
        integer(static_cast<std::uint32_t>(count));
        for (std::size_t i = 0; i < count; ++i) fields(*this, values[i]);
    }
    template <class E>
    requires std::is_enum_v<E>
    void enumerator(E value, E /*last*/) { integer(static_cast<std::uint8_t>(value)); }
    void real(double value, double least, double most) {
        const double number = std::isfinite(value) ? std::clamp(value, least, most) : 0.0;
        integer(std::bit_cast<std::uint64_t>(number));
    }
    void reference(const std::optional<std::uint32_t>& value) {
        integer(static_cast<std::uint8_t>(value ? 1 : 0));
        if (value) integer(*value);
    }
    void text(const std::string& value, std::size_t limit) {
        if (value.size() > limit || !is_utf8(value)) {
            append(clean_lines(value, limit));
        } else {
            append(value);
        }
    }
    void texts(const std::vector<std::string>& values, std::size_t most, std::size_t limit) {
        const std::size_t count = std::min(values.size(), most);
        integer(static_cast<std::uint32_t>(count));
        for (std::size_t i = 0; i < count; ++i) text(values[i], limit);
    }
    void digest(const std::string& value) {
        if (value.size() != 64) std::abort();
        out_ += value;
    }

private:
    void append(std::string_view bytes) {
        integer(static_cast<std::uint32_t>(bytes.size()));
        out_ += bytes;
    }

    std::string& out_;
};

template <class T>
void entries(std::string& out, Section section, std::vector<T>& from) {
    Writer writer(out);
    writer.integer(static_cast<std::uint8_t>(section));
    writer.integer(static_cast<std::uint32_t>(from.size()));
    for (T& entry : from) fields(writer, entry);
}

std::string frame(Report& report) {
    std::string out;
    // One allocation for an ordinary mail: every page that a worker touches is copied for it.
    out.reserve(1024 + report.message.headers.size() + report.message.preview.size() +
                256 * (report.objects.size() + report.urls.size() + report.findings.size()));
    out.resize(kReportHeader);
    Writer writer(out);
    writer.integer(static_cast<std::uint8_t>(Section::Message));
    fields(writer, report.message);
    entries(out, Section::Objects, report.objects);
    entries(out, Section::Urls, report.urls);
    entries(out, Section::Limits, report.limits);
    entries(out, Section::Errors, report.errors);
    entries(out, Section::Findings, report.findings);
    entries(out, Section::DmarcReports, report.dmarc_reports);

    std::string header;
    Writer head(header);
    head.integer(kMagic);
    head.integer(kVersion);
    head.integer(std::uint64_t{out.size() - kReportHeader});
    std::copy(header.begin(), header.end(), out.begin());
    return out;
}

template <class T>
std::size_t encoded_size(T& entry) {
    std::string out;
    Writer writer(out);
    fields(writer, entry);
    return out.size();
}

/// Keeps, in order, the entries that fit into `room` and takes what they need from it.
template <class T>
void keep_what_fits(std::vector<T>& entries, std::size_t& room) {
    std::erase_if(entries, [&](T& entry) {
        const std::size_t size = encoded_size(entry);
        if (size > room) return true;
        room -= size;
        return false;
    });
}

/// Drops objects from the end; whatever came out of them or stood in them now belongs to the
/// nearest ancestor that is still there.
void drop_objects(Report& report, std::size_t keep) {
    const auto kept = [&](std::uint32_t index) {
        while (index >= keep) index = report.objects[index].parent.value_or(0);
        return index;
    };
    const auto move = [&](std::optional<std::uint32_t>& index) {
        if (index) index = kept(*index);
    };
    for (Url& url : report.urls) url.object = kept(url.object);
    for (LimitHit& hit : report.limits) move(hit.object);
    for (AnalysisError& error : report.errors) move(error.object);
    for (Finding& finding : report.findings) move(finding.object);
    for (DmarcReport& each : report.dmarc_reports) each.object = kept(each.object);
    report.objects.erase(report.objects.begin() + static_cast<std::ptrdiff_t>(keep),
                         report.objects.end());
}

std::size_t objects_that_fit(std::vector<Object>& objects, std::size_t& room) {
    std::size_t count = 0;
    for (Object& object : objects) {
        const std::size_t size = encoded_size(object);
        if (size > room) break;
        room -= size;
        ++count;
    }
    return count;
}

std::size_t size_without_rows(DmarcReport& report) {
    std::vector<DmarcReportRow> rows = std::exchange(report.rows, {});
    const std::size_t size = encoded_size(report);
    report.rows = std::move(rows);
    return size;
}

/// Drops reports that do not fit even without rows, and then rows, and says how many.
void keep_dmarc_rows_that_fit(std::vector<DmarcReport>& reports, std::size_t& room) {
    std::erase_if(reports, [&](DmarcReport& report) {
        const std::size_t size = size_without_rows(report);
        if (size > room) return true;
        room -= size;
        return false;
    });
    for (DmarcReport& report : reports) {
        const std::size_t all = report.rows.size();
        keep_what_fits(report.rows, room);
        report.left_out += all - report.rows.size();
    }
}

LimitHit cut(Limit limit, std::size_t kept, std::size_t of) {
    return {.limit = limit, .object = {}, .configured = kept, .observed = of};
}

/// Findings matter most, then what was not read, then objects, then URLs, then rows of reports.
void shrink(Report& report, std::size_t size) {
    constexpr std::size_t kSections = std::size_t{6} * (1 + 4);
    constexpr std::size_t kCuts = std::size_t{4} * 18;  // the LimitHits added here
    std::size_t room = kMaxReport - kReportHeader - kSections - kCuts - 1;
    room -= encoded_size(report.message);
    const std::size_t root = encoded_size(report.objects.front());
    room -= root;

    const std::size_t said = report.findings.size() + report.limits.size() + report.errors.size();
    keep_what_fits(report.findings, room);
    keep_what_fits(report.limits, room);
    keep_what_fits(report.errors, room);
    const bool all_said =
        said == report.findings.size() + report.limits.size() + report.errors.size();

    room += root;
    const std::size_t objects = report.objects.size();
    const std::size_t kept = objects_that_fit(report.objects, room);
    drop_objects(report, kept);
    const std::size_t urls = report.urls.size();
    keep_what_fits(report.urls, room);
    const std::size_t reports = report.dmarc_reports.size();
    keep_dmarc_rows_that_fit(report.dmarc_reports, room);

    if (!all_said) report.limits.push_back(cut(Limit::Memory, kMaxReport, size));
    if (kept < objects) report.limits.push_back(cut(Limit::Objects, kept, objects));
    if (report.dmarc_reports.size() < reports) {
        report.limits.push_back(cut(Limit::Names, report.dmarc_reports.size(), reports));
    }
    if (report.urls.size() < urls) {
        report.limits.push_back(cut(Limit::Names, report.urls.size(), urls));
    }
}

void mark_long_urls(Report& report) {
    for (Url& url : report.urls) {
        if (url.url.size() <= kMaxText && url.normalized.size() <= kMaxText) continue;
        while (url.flags.size() >= kMaxListEntries) url.flags.pop_back();
        url.flags.emplace_back("truncated");
    }
}

void bound_dmarc_reports(std::vector<DmarcReport>& reports) {
    if (reports.size() > kMaxDmarcReports) reports.resize(kMaxDmarcReports);
    for (DmarcReport& report : reports) {
        if (report.rows.size() <= kMaxDmarcRows) continue;
        report.left_out += report.rows.size() - kMaxDmarcRows;
        report.rows.resize(kMaxDmarcRows);
    }
}

void require_sound(const Report& report) {
    if (report.objects.empty()) std::abort();
    const std::size_t count = report.objects.size();
    const auto check = [&](const std::optional<std::uint32_t>& index) {
        if (index && *index >= count) std::abort();
    };
    for (std::size_t i = 0; i < count; ++i) {
        const Object& object = report.objects[i];
        if ((i == 0) != (object.relation == Relation::Root)) std::abort();
        if (object.parent ? *object.parent >= i : i != 0) std::abort();
    }
    for (const Url& url : report.urls) check(url.object);
    for (const LimitHit& hit : report.limits) check(hit.object);
    for (const AnalysisError& error : report.errors) check(error.object);
    for (const Finding& finding : report.findings) check(finding.object);
    for (const DmarcReport& each : report.dmarc_reports) check(each.object);
}

}  // namespace
}  // namespace codec

std::string encode(Report report) {
    codec::require_sound(report);
    codec::mark_long_urls(report);
    codec::bound_dmarc_reports(report.dmarc_reports);
    std::string framed = codec::frame(report);
    if (framed.size() <= kMaxReport) return framed;
    codec::shrink(report, framed.size());
    return codec::frame(report);
}

}  // namespace postern::analyzers
