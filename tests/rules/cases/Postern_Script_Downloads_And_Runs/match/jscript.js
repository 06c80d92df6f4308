var x = new ActiveXObject("MSXML2.XMLHTTP");
x.open("GET", "http://files.example.invalid/a.txt", false); x.send();
var s = new ActiveXObject("WScript.Shell");
s.Run("notepad a.txt");
