// A page that builds a file out of its own script, past every filter that looks at downloads.

rule Postern_HTML_Smuggling
{
    meta:
        description = "A web page assembles a file in the browser and offers it as a download."
        severity = "high"
        score = 8
        class = "suspicious"
        attack = "T1027.006"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $script = "<script" ascii nocase
        $decode1 = "atob(" ascii nocase
        $decode2 = "fromCharCode" ascii
        $decode3 = "Uint8Array" ascii
        $decode4 = "charCodeAt" ascii
        $blob1 = "new Blob(" ascii nocase
        $blob2 = "new File(" ascii nocase
        $blob3 = /data:application\/(octet-stream|zip|x-msdownload|x-zip-compressed|x-iso9660-image)[;,]/ nocase
        $save1 = "createObjectURL" ascii
        $save2 = "msSaveOrOpenBlob" ascii
        $save3 = "msSaveBlob" ascii
        $save4 = /\.download\s{0,4}=/ ascii
        $save5 = /setAttribute\(\s{0,4}['"]download['"]/ ascii
        $go = ".click(" ascii
    condition:
        $script and filesize < 20MB and any of ($decode*) and any of ($blob*) and
        2 of ($save*, $go)
}

rule Postern_SVG_Script
{
    meta:
        description = "A picture in SVG format contains script or leads somewhere by itself."
        severity = "high"
        score = 6
        class = "suspicious"
        attack = "T1027.017"
        author = "Postern project"
        date = "2026-11-24"
    strings:
        $svg = "<svg" ascii nocase
        $script = "<script" ascii nocase
        $act1 = "window.location" ascii nocase
        $act2 = "document.location" ascii nocase
        $act3 = "location.href" ascii nocase
        $act4 = "atob(" ascii nocase
        $act5 = "eval(" ascii nocase
        $act6 = "location.replace" ascii nocase
        $link = /href\s{0,4}=\s{0,4}["']\s{0,4}javascript:/ nocase
        $load = /\son(load|begin)\s{0,4}=\s{0,4}["'][^"']{0,400}(location|eval|atob)/ nocase
        $html = "<html" ascii nocase
    condition:
        $svg in (0..2048) and not $html and (($script and any of ($act*)) or $link or $load)
}
