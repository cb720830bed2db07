// The look of a page and what pages are made of; no address of another machine appears in any.
// Used by the reports.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/file/json_value.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/result/svg.hpp>

namespace hasse::detail {

inline constexpr std::string_view page_style = R"(
:root{--ink:#1e293b;--quiet:#64748b;--line:#e2e8f0;--paper:#ffffff;--back:#f1f5f9;--accent:#1d4ed8;--soft:#eff6ff;--warn:#fef3c7}
@media (prefers-color-scheme:dark){:root{--ink:#e2e8f0;--quiet:#94a3b8;--line:#263449;--paper:#0f172a;--back:#020617;--accent:#60a5fa;--soft:#172554;--warn:#422006}}
*{box-sizing:border-box}html{color-scheme:light dark}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif}
main{max-width:1120px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px}h2{font-size:18px;margin:0 0 4px}p{margin:0 0 12px}.quiet{color:var(--quiet)}
section{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:20px 22px;margin-top:18px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin-top:18px}
.card{background:var(--paper);border:1px solid var(--line);border-radius:12px;padding:12px 16px}
.card b{display:block;font-size:23px;line-height:1.25;font-variant-numeric:tabular-nums}.card span{color:var(--quiet);font-size:13px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:18px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;margin:0}dt{color:var(--quiet)}dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13.5px;font-variant-numeric:tabular-nums}
th{font-weight:600;color:var(--quiet);text-align:right;padding:6px 8px;border-bottom:1px solid var(--line);white-space:nowrap;vertical-align:bottom}
td{text-align:right;padding:6px 8px;border-bottom:1px solid var(--line);white-space:nowrap}tr:last-child td{border-bottom:0}
th.name,td.name{text-align:left}td.name{white-space:normal}code{font:12.5px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
a{color:var(--accent)}svg{display:block;width:100%;height:auto}
.ask{background:var(--soft);border-radius:10px;padding:14px 16px;margin-bottom:14px}.ask label{display:block}
.ask input{width:6.5em;font:inherit;padding:2px 6px;border:1px solid var(--line);border-radius:6px;background:var(--paper);color:var(--ink)}
.ask output{display:block;font-weight:600;margin-top:4px}
.warning{background:var(--warn);border-radius:8px;padding:8px 14px;margin:12px 0 0}
details summary{cursor:pointer;color:var(--accent)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,240px),1fr));gap:10px 14px;margin-bottom:12px}
.keys span{display:inline-block;margin-right:16px}.keys i{display:inline-block;width:12px;height:12px;margin-right:6px;background:currentColor}
)";

inline std::string card(const std::string& number, const std::string& meaning) {
  return "<div class='card'><b>" + markup_text(number) + "</b><span>" + markup_text(meaning) + "</span></div>";
}
inline std::string paragraph(const std::string& text) { return "<p class='quiet'>" + markup_text(text) + "</p>"; }
inline std::string section(const std::string& title, const std::string& text, const std::string& content) {
  return "<section><h2>" + markup_text(title) + "</h2>" + paragraph(text) + content + "</section>";
}
/// Text that may break behind a letter: that of an architecture between its stages.
HASSE_BODY std::string code(const std::string& text, char breaks = ')');

HASSE_BODY std::string warning_list(const std::vector<std::string>& warnings);
HASSE_BODY std::string fact_section(const std::vector<std::pair<std::string, std::string>>& facts);
/// The same facts for other programs.
HASSE_BODY json facts_json(const std::vector<std::pair<std::string, std::string>>& facts);

/// A relative link: no scheme can hide in it.
HASSE_BODY std::string hyperlink(const std::string& label, const std::string& path);
/// A row; its first `names` cells are text, the others numbers. Cells are markup.
HASSE_BODY std::string table_row(const std::vector<std::string>& cells, std::size_t names, bool head = false);
inline std::string scrolling_table(const std::string& rows) { return "<div class='scroll'><table>" + rows + "</table></div>"; }
inline std::string folded(const std::string& summary, const std::string& content) {
  return "<details><summary>" + markup_text(summary) + "</summary>" + content + "</details>";
}

/// Everything up to the page's heading, and what closes it: the data for other programs, and a script.
HASSE_BODY std::string page_head(const std::string& title);
HASSE_BODY std::string page_foot(const json& data, std::string_view script = {});

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/result/detail/page.inl>
#endif
