#pragma once

/// @file Counters, gauges and histograms in the Prometheus text format 0.0.4. Adding is lock-free;
/// looking a series up by its labels takes a shared lock, so keep the reference where it is hot.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace postern::observe {

/// A number that only rises. Spread over cache lines so that threads do not fight for one.
class Counter {
public:
    void add(std::uint64_t count = 1) noexcept;
    /// For what counts itself and is asked at a scrape: the counter becomes `total`, never less
    /// than it was. Not together with add().
    void raise_to(std::uint64_t total) noexcept;
    [[nodiscard]] std::uint64_t value() const noexcept;

private:
    struct alignas(64) Cell {
        std::atomic<std::uint64_t> count{0};
    };
    std::array<Cell, 8> cells_;
};

class Gauge {
public:
    void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
    void add(double by) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
    [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double> value_{0};
};

class Histogram {
public:
    /// `bounds`: inclusive upper bounds, rising; +Inf is implied.
    explicit Histogram(const std::vector<double>& bounds);
    void observe(double value) noexcept;

    struct Snapshot {
        std::vector<std::uint64_t> cumulative;  ///< one for each bound, then the count of all
        double sum = 0;
    };
    [[nodiscard]] Snapshot snapshot() const;
    [[nodiscard]] const std::vector<double>& bounds() const { return bounds_; }

private:
    std::vector<double> bounds_;
    std::deque<std::atomic<std::uint64_t>> buckets_;
    std::atomic<double> sum_{0};
};

/// One thing that can write itself in text.
class Family {
public:
    virtual ~Family() = default;
    virtual void write(std::string& out) const = 0;
};

/// What all series of one name share. Throws std::invalid_argument when a name is not one.
struct Description {
    std::string name;  ///< [a-zA-Z_:][a-zA-Z0-9_:]*
    std::string help;
    std::vector<std::string> labels = {};  ///< [a-zA-Z_][a-zA-Z0-9_]*
    std::size_t max_series =
        1000;  ///< beyond it, all labels are "other": a peer must not fill memory
};

/// The series of one name, by the values of its labels.
template <class Metric>
class Series final : public Family {
public:
    using Make = std::function<std::unique_ptr<Metric>()>;
    Series(Description description, Make make);

    /// The series with these label values, in the order of Description::labels; made when it is
    /// new. Values may be any text. std::invalid_argument when their number is wrong. Lives as long
    /// as this.
    [[nodiscard]] Metric& with(std::initializer_list<std::string_view> values);
    /// For a name without labels.
    [[nodiscard]] Metric& only() { return with({}); }
    void write(std::string& out) const override;

private:
    /// Looks values up without copying them.
    struct Before {
        using is_transparent = void;
        template <class One, class Other>
        bool operator()(const One& one, const Other& other) const {
            return std::lexicographical_compare(one.begin(), one.end(), other.begin(), other.end());
        }
    };

    Description description_;
    Make make_;
    mutable std::shared_mutex mutex_;
    std::map<std::vector<std::string>, std::unique_ptr<Metric>, Before> series_;
};

/// All metrics of one process. Thread-safe. What it hands out lives as long as the registry.
class Registry {
public:
    Series<Counter>& counters(Description description);
    Series<Gauge>& gauges(Description description);
    Series<Histogram>& histograms(Description description, std::vector<double> bounds);

    /// Called before each text(), to set gauges that are cheap to ask for. Must not throw.
    void before_scrape(std::function<void()> hook);
    [[nodiscard]] std::string text() const;

private:
    template <class Metric>
    Series<Metric>& add(std::unique_ptr<Series<Metric>> series, const std::string& name);

    mutable std::mutex mutex_;
    std::map<std::string, std::unique_ptr<Family>> families_;
    std::vector<std::function<void()>> hooks_;
};

extern template class Series<Counter>;
extern template class Series<Gauge>;
extern template class Series<Histogram>;

}  // namespace postern::observe
