foreach(name bytes ids mp event marks message identity)
  attend_test(proto_${name} attend-proto)
endforeach()
attend_test(proto_golden attend-proto PkgConfig::JANSSON)
