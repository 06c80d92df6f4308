#include "gateway/observe/metrics.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "analyzers/base/ascii.hpp"
#include "analyzers/base/clean_text.hpp"

namespace postern::observe {
namespace {

/// Each thread keeps to one cell, given out in turn.
std::size_t cell_of_this_thread() {
    static std::atomic<std::size_t> next{0};
    thread_local const std::size_t cell = next.fetch_add(1, std::memory_order_relaxed);
    return cell;
}

bool is_name(std::string_view text, bool colons) {
    const auto fits = [&](char c) { return ascii_alnum(c) || c == '_' || (colons && c == ':'); };
    return !text.empty() && !ascii_digit(text.front()) &&
           std::all_of(text.begin(), text.end(), fits);
}

/// HELP escapes backslash and line feed; label values the double quote as well.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
        } else {
            if (c == '\\' || (quotes && c == '"')) out += '\\';
            out += c;
        }
    }
}

void append_number(std::string& out, double number) {
    if (std::isnan(number)) {
        out += "NaN";
    } else if (std::isinf(number)) {
        out += number > 0 ? "+Inf" : "-Inf";
    } else {
        std::array<char, 40> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
        out.append(digits.data(), end.ptr);
    }
}

using Labels = std::vector<std::pair<std::string_view, std::string_view>>;

void append_sample(std::string& out, std::string_view name, const Labels& labels,
                   const std::string& value) {
    out += name;
    for (std::size_t i = 0; i < labels.size(); ++i) {
        out += i == 0 ? '{' : ',';
        out += labels[i].first;
        out += "=\"";
        append_escaped(out, labels[i].second, true);
        out += '"';
    }
    if (!labels.empty()) out += '}';
    out += ' ' + value + '\n';
}

std::string number_text(double number) {
    std::string text;
    append_number(text, number);
    return text;
}

void append_metric(std::string& out, std::string_view name, const Labels& labels,
                   const Counter& counter) {
    append_sample(out, name, labels, std::to_string(counter.value()));
}

void append_metric(std::string& out, std::string_view name, const Labels& labels,
                   const Gauge& gauge) {
    append_sample(out, name, labels, number_text(gauge.value()));
}

void append_metric(std::string& out, std::string_view name, const Labels& labels,
                   const Histogram& histogram) {
    const Histogram::Snapshot seen = histogram.snapshot();
    const std::string base(name);
    for (std::size_t i = 0; i < seen.cumulative.size(); ++i) {
        const std::string bound =
            i < histogram.bounds().size() ? number_text(histogram.bounds()[i]) : "+Inf";
        Labels with_bound = labels;
        with_bound.emplace_back("le", bound);
        append_sample(out, base + "_bucket", with_bound, std::to_string(seen.cumulative[i]));
    }
    append_sample(out, base + "_sum", labels, number_text(seen.sum));
    append_sample(out, base + "_count", labels, std::to_string(seen.cumulative.back()));
}

constexpr std::size_t kMaxLabelValue = 200;  // bytes

/// The format wants UTF-8. Done before the look-up: two series must not come out under one name.
std::string label_value(std::string_view value) {
    const bool plain = value.size() <= kMaxLabelValue && is_utf8(value);
    return plain ? std::string(value) : clean_text(value, kMaxLabelValue);
}

constexpr std::string_view kind(const Counter* /*metric*/) {
    return "counter";
}
constexpr std::string_view kind(const Gauge* /*metric*/) {
    return "gauge";
}
constexpr std::string_view kind(const Histogram* /*metric*/) {
    return "histogram";
}

}  // namespace

void Counter::add(std::uint64_t count) noexcept {
    cells_.at(cell_of_this_thread() % cells_.size())
        .count.fetch_add(count, std::memory_order_relaxed);
}

void Counter::raise_to(std::uint64_t total) noexcept {
    std::atomic<std::uint64_t>& count = cells_.front().count;
    std::uint64_t before = count.load(std::memory_order_relaxed);
    while (before < total &&
           !count.compare_exchange_weak(before, total, std::memory_order_relaxed)) {
    }
}

std::uint64_t Counter::value() const noexcept {
    std::uint64_t sum = 0;
    for (const Cell& cell : cells_) sum += cell.count.load(std::memory_order_relaxed);
    return sum;
}

Histogram::Histogram(const std::vector<double>& bounds)
    : bounds_(bounds), buckets_(bounds.size() + 1) {
    if (!std::is_sorted(bounds.begin(), bounds.end())) {
        throw std::invalid_argument("histogram bounds must rise");
    }
}

void Histogram::observe(double value) noexcept {
    if (std::isnan(value)) return;
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), value);
    const auto index = static_cast<std::size_t>(bound - bounds_.begin());
    buckets_[index].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
}

Histogram::Snapshot Histogram::snapshot() const {
    Snapshot seen;
    std::uint64_t sum = 0;
    for (const auto& bucket : buckets_) {
        sum += bucket.load(std::memory_order_relaxed);
        seen.cumulative.push_back(sum);
    }
    seen.sum = sum_.load(std::memory_order_relaxed);
    return seen;
}

template <class Metric>
Series<Metric>::Series(Description description, Make make)
    : description_(std::move(description)), make_(std::move(make)) {
    if (!is_name(description_.name, true)) {
        throw std::invalid_argument("not a metric's name: " + description_.name);
    }
    for (const std::string& label : description_.labels) {
        if (!is_name(label, false) || label.starts_with("__") || label == "le") {
            throw std::invalid_argument("not a label's name: " + label);
        }
    }
    if (description_.labels.empty()) series_.emplace(std::vector<std::string>{}, make_());
}

template <class Metric>
Metric& Series<Metric>::with(std::initializer_list<std::string_view> given) {
    if (given.size() != description_.labels.size()) {
        throw std::invalid_argument("wrong number of labels for " + description_.name);
    }
    {
        // What is kept has been cleaned, so what is found is clean.
        const std::shared_lock lock(mutex_);
        const auto found = series_.find(given);
        if (found != series_.end()) return *found->second;
    }
    std::vector<std::string> values;
    for (const std::string_view value : given) values.push_back(label_value(value));
    const std::unique_lock lock(mutex_);
    const auto found = series_.find(values);
    if (found != series_.end()) return *found->second;
    // The place of "other" is one of the max_series.
    const bool full = series_.size() + 1 >= std::max<std::size_t>(description_.max_series, 1);
    auto& metric = series_[full ? std::vector<std::string>(values.size(), "other") : values];
    if (!metric) metric = make_();
    return *metric;
}

template <class Metric>
void Series<Metric>::write(std::string& out) const {
    out += "# HELP " + description_.name + ' ';
    append_escaped(out, description_.help, false);
    out += "\n# TYPE " + description_.name + ' ';
    out += kind(static_cast<const Metric*>(nullptr));
    out += '\n';
    const std::shared_lock lock(mutex_);
    for (const auto& entry : series_) {
        Labels labels;
        for (std::size_t i = 0; i < entry.first.size(); ++i) {
            labels.emplace_back(description_.labels[i], entry.first[i]);
        }
        append_metric(out, description_.name, labels, *entry.second);
    }
}

template class Series<Counter>;
template class Series<Gauge>;
template class Series<Histogram>;

template <class Metric>
Series<Metric>& Registry::add(std::unique_ptr<Series<Metric>> series, const std::string& name) {
    Series<Metric>& reference = *series;
    const std::lock_guard lock(mutex_);
    if (!families_.emplace(name, std::move(series)).second) {
        throw std::invalid_argument("registered twice: " + name);
    }
    return reference;
}

Series<Counter>& Registry::counters(Description description) {
    const std::string name = description.name;
    return add(std::make_unique<Series<Counter>>(std::move(description),
                                                 [] { return std::make_unique<Counter>(); }),
               name);
}

Series<Gauge>& Registry::gauges(Description description) {
    const std::string name = description.name;
    return add(std::make_unique<Series<Gauge>>(std::move(description),
                                               [] { return std::make_unique<Gauge>(); }),
               name);
}

Series<Histogram>& Registry::histograms(Description description, std::vector<double> bounds) {
    const std::string name = description.name;
    return add(std::make_unique<Series<Histogram>>(
                   std::move(description),
                   [bounds = std::move(bounds)] { return std::make_unique<Histogram>(bounds); }),
               name);
}

void Registry::before_scrape(std::function<void()> hook) {
    const std::lock_guard lock(mutex_);
    hooks_.push_back(std::move(hook));
}

std::string Registry::text() const {
    std::vector<std::function<void()>> hooks;
    {
        const std::lock_guard lock(mutex_);
        hooks = hooks_;
    }
    for (const auto& hook : hooks) hook();  // unlocked: a hook may register a series
    std::string out;
    const std::lock_guard lock(mutex_);
    for (const auto& entry : families_) entry.second->write(out);
    return out;
}

}  // namespace postern::observe
