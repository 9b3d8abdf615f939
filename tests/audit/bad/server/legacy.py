"""What is left of the first version: baileys-1 and its friends."""

print "http://baileys-1:3300"
