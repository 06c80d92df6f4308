Set x = CreateObject("Microsoft.XMLHTTP")
x.Open "GET", "http://files.example.invalid/a.txt", False
x.Send
Set s = CreateObject("WScript.Shell")
s.Run "notepad a.txt"
