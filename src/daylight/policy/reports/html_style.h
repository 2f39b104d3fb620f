// The style sheet of the HTML report. Of this library only.
#pragma once

#include <string_view>

namespace dl::policy {

// What colours say is always said in words, too. Colours have a contrast of at least 4.5 with what they are on
// (WCAG 2.2, 1.4.3), which tests/policy/html_test.py computes from the variables below: on paper as on both screens.
inline constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;
--paper:#ffffff;--ink:#1b1f24;--soft:#57606a;--line:#d8dce1;--panel:#f6f7f9;--link:#0a55a8;
--bad:#a3161d;--bad-bg:#fdf0ef;--warn:#7a4a00;--warn-bg:#fdf5e4;--good:#1b6438;--good-bg:#edf7f0;--note:#424d5b;--note-bg:#eff1f4}
@media screen and (prefers-color-scheme:dark){:root{
--paper:#13161a;--ink:#e7e9ec;--soft:#a5adb7;--line:#343b44;--panel:#1b1f25;--link:#8ec2ff;
--bad:#ff9e96;--bad-bg:#351a1b;--warn:#f0c264;--warn-bg:#30260f;--good:#84d4a1;--good-bg:#13291c;--note:#bac5d2;--note-bg:#232a33}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",sans-serif;overflow-wrap:anywhere}
main{max-width:58rem;margin:0 auto;padding:1.5rem 1rem 3rem}
a{color:var(--link);text-underline-offset:.15em}
a:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:2px}
h1,h2,h3,h4,p,ul,ol,dl,table{margin:0;padding:0}
h1{font-size:1.6rem;line-height:1.25;font-weight:650;letter-spacing:-.01em}
h2{font-size:1.2rem;line-height:1.3;font-weight:650;margin:2.75rem 0 1rem;padding-bottom:.4rem;border-bottom:2px solid var(--ink)}
h3{font-size:1.08rem;line-height:1.35;font-weight:650}
h4,.small{font-size:.8rem;font-weight:650;color:var(--soft);margin:1rem 0 .3rem}
p+p{margin-top:.4rem}
ul,ol{list-style:none}
.over{font-size:.85rem;color:var(--soft);margin-bottom:.75rem}
.answer{border:1px solid var(--line);border-left:.5rem solid var(--tone);background:var(--tone-bg);border-radius:.4rem;padding:1.1rem 1.2rem}
.answer h1{color:var(--tone)}
.answer p{margin-top:.5rem}
.bad{--tone:var(--bad);--tone-bg:var(--bad-bg)}
.warn{--tone:var(--warn);--tone-bg:var(--warn-bg)}
.good{--tone:var(--good);--tone-bg:var(--good-bg)}
.note{--tone:var(--note);--tone-bg:var(--note-bg)}
.asked{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem 1.25rem;margin-top:1.25rem}
.asked dt,.facts dt{font-size:.8rem;color:var(--soft);font-weight:600}
.asked dd,.facts dd{margin:0}
nav{margin-top:1.25rem;font-size:.95rem}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1.25rem}
nav a{display:inline-block;padding:.2rem 0}
.finding,.clause,.looked{border:1px solid var(--line);border-radius:.4rem;padding:1rem 1.1rem;margin-top:1rem}
.finding{border-left:.3rem solid var(--tone)}
.clause:target,.finding:target{outline:2px solid var(--link)}
.head{display:flex;flex-wrap:wrap;align-items:baseline;gap:.3rem .6rem}
.head h3{flex:1 1 14rem}
.sub{color:var(--soft);margin-top:.2rem}
.badge{display:inline-block;border:1px solid var(--tone);background:var(--tone-bg);color:var(--tone);border-radius:.25rem;padding:0 .45rem;font-size:.82rem;font-weight:600;line-height:1.6;white-space:nowrap}
.says li{padding:.5rem 0;border-top:1px solid var(--line)}
.says li:first-child{border-top:0;padding-top:.1rem}
.says .badge{margin-right:.3rem}
.says .why{display:block;color:var(--soft)}
.doubt{color:var(--warn)}
.path,.hash,code{font-family:ui-monospace,"Cascadia Mono","SF Mono",Menlo,"Liberation Mono","DejaVu Sans Mono",monospace;font-size:.88em}
.hash{color:var(--soft)}
.facts{display:grid;grid-template-columns:minmax(5.5rem,8rem) 1fr;gap:.35rem 1rem;margin-top:.6rem}
.facts dt{padding-top:.15rem}
.careful{border-left:.25rem solid var(--warn);background:var(--warn-bg);color:var(--warn);padding:.35rem .6rem;margin-top:.6rem}
table{width:100%;border-collapse:collapse;table-layout:auto;font-size:.94rem}
caption{text-align:left;color:var(--soft);font-size:.85rem;padding-bottom:.3rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .6rem .4rem 0;border-top:1px solid var(--line)}
thead th{border-top:0;border-bottom:1px solid var(--soft);font-size:.8rem;color:var(--soft);font-weight:600}
th[scope=row]{font-weight:400}
td.n,th.n{text-align:right;padding-right:0;font-variant-numeric:tabular-nums;white-space:nowrap}
td:last-child{padding-right:0}
.w{white-space:nowrap}
.soft{color:var(--soft)}
table.fixed{table-layout:fixed}th.kind{width:7.2rem}
td div+div{margin-top:.15rem}
.sub+table,.hash+table{margin-top:.6rem}ul+.sub,table+.sub{margin-top:.6rem}
footer{margin-top:2.5rem;padding-top:.8rem;border-top:1px solid var(--line);color:var(--soft);font-size:.88rem}
@media (max-width:34rem){main{padding:1rem .75rem 2rem}h1{font-size:1.35rem}.finding,.clause,.looked,.answer{padding:.85rem .8rem}
.facts{grid-template-columns:1fr;gap:0}.facts dd{margin-bottom:.5rem}table{font-size:.9rem}}
@page{size:A4;margin:18mm 16mm 20mm}
@page{@bottom-left{content:"Software policy check";font:8pt sans-serif;color:#57606a}@bottom-right{content:counter(page) " / " counter(pages);font:8pt sans-serif;color:#57606a}}
@media print{:root{color-scheme:light}html{font-size:9.5pt}body{line-height:1.4}main{max-width:none;padding:0}nav{display:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
h2{margin-top:1.75rem}th,td{padding-top:.25rem;padding-bottom:.25rem}
h2,h3,h4,.head,.sub,caption,thead{break-after:avoid;break-inside:avoid}
tr,.says li,.facts dt,.facts dd,.careful,.answer,.asked{break-inside:avoid}.facts dt{break-after:avoid}
.clause,.looked{break-inside:avoid}.finding,.clause,.looked,.answer{border-radius:0}
table+.sub{break-before:avoid}thead{display:table-header-group}p,li,dd{orphans:3;widows:3}
a{color:inherit}a[href^="#"]{text-decoration:none}}
)css";

}  // namespace dl::policy
