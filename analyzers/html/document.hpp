#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

#include "analyzers/api/analyzer.hpp"
#include "analyzers/html/tokenizer.hpp"

namespace postern::analyzers {

/// Collects what one document holds while its tokens pass by.
class HtmlDocument {
public:
    HtmlDocument(Analysis& into, Budget& budget) : into_(into), budget_(budget) {}

    /// `html` in UTF-8. `inside`: how many comments it stands in.
    void read(std::string_view html, unsigned inside);
    void finish();
    [[nodiscard]] bool has_script() const { return has_script_; }

private:
    void start_tag(const Token& token, bool hidden);
    void text_token(const Token& token, bool hidden);
    void attributes(const Token& token);
    void meta_refresh(const Token& token);
    void style_urls(std::string_view css, std::string_view where);
    void srcset(std::string_view value, std::string_view where);
    void link(std::string_view raw, std::string_view where);
    void script(std::string_view source);
    void data_url(std::string_view url);
    void child(std::string bytes, std::string_view mime, std::string_view flag);
    void open_anchor(const std::string& href);
    void close_anchor();
    void show(std::string_view text);
    void new_line();

    Analysis& into_;
    Budget& budget_;
    std::string base_;
    std::string anchor_host_;     ///< where the open <a> leads
    std::size_t anchor_url_ = 0;  ///< its index in into_.urls
    std::string anchor_text_;
    bool anchor_ = false;
    bool has_script_ = false;
    bool stopped_ = false;
    std::unordered_set<std::string> seen_;
};

}  // namespace postern::analyzers
